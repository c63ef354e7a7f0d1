"""MACCROBAT as the hub has it, in two layouts of JSON: one file, or one record a line.

With text and offsets (singh-aditya/MACCROBAT_biomedical_ner, whose file holds {"data": [records]}):

    {"full_text": "…", "ner_info": [{"text": "28-year-old", "label": "AGE", "start": 8, "end": 19}],
     "tokens": […], "ner_labels": […]}

With tokens and tags alone (ktgiahieu/maccrobat2018_2020, JSON lines): {"tokens": ["A", …], "tags": ["O", …]}; its 400
records are the 200 reports of both releases. The tokens joined by spaces are then the text.

Types in capitals (SIGN_SYMPTOM) get the corpus's own spelling (Sign_symptom).
"""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from medtune.data.annotated import AnnotatedDocument, Corpus, Mention, pmid_in
from medtune.data.bio import repair, spans_of
from medtune.data.dropped import Dropped
from medtune.errors import InputError
from medtune.files import read_json, read_jsonl

logger = logging.getLogger(__name__)

EMPTY = "no text"
TAGS = ("tags", "ner_labels")
_IDS = ("pmid", "id")


def read_maccrobat_json(path: Path | str, source: str) -> Corpus:
    """All documents of a file, in its order. Their ids are the field `pmid` or `id`, else numbers from 1 on.

    Records without text are dropped. Tags of the second layout are repaired by the rule of `data.bio`, and counted.
    Raises InputError naming file and record: missing fields or such of another kind, offsets outside the text, a text
    that differs from what stands there, tokens and tags of different numbers, what is no tag, an id that occurs again.
    """
    documents: list[AnnotatedDocument] = []
    dropped: list[Dropped] = []
    repaired = 0
    seen: set[str] = set()
    for number, record in enumerate(_records(path), start=1):
        where = f"{path}, record {number}"
        if not isinstance(record, dict):
            raise InputError(f"{where}: expected a JSON object, found {type(record).__name__}")
        given = next((str(record[name]) for name in _IDS if record.get(name) not in (None, "")), None)
        identifier = given or str(number)
        if identifier in seen:
            raise InputError(f'{where}: the id "{identifier}" occurs more than once; ids must be unique')
        seen.add(identifier)
        if "full_text" in record:
            text, mentions = _with_offsets(record, where)
        else:
            text, mentions, changed = _with_tags(record, where)
            repaired += changed
        if not text.strip():
            if mentions:
                raise InputError(f"{where}: entities, but no text")
            dropped.append(Dropped(source, identifier, EMPTY))
            logger.warning("%s: left out, since it holds no text", where)
            continue
        documents.append(AnnotatedDocument(identifier, text, mentions, pmid_in(given) if given else None))
    if not documents:
        raise InputError(f'{path}: holds no document; expected records with "full_text" and "ner_info"')
    return Corpus(tuple(documents), tuple(dropped), repaired=repaired)


def _records(path: Path | str) -> Iterator[Any]:
    """The records of {"data": […]}, of a list, or of JSON lines."""
    if Path(path).suffix == ".jsonl":
        yield from read_jsonl(path)
        return
    content = read_json(path)
    records = content.get("data") if isinstance(content, dict) else content
    if not isinstance(records, list):
        raise InputError(f'{path}: expected a list of records, or an object with such a list in the field "data"')
    yield from records


def _with_offsets(record: dict, where: str) -> tuple[str, tuple[Mention, ...]]:
    """Text and mentions of the layout with offsets."""
    text = _field(record, "full_text", str, where)
    mentions = []
    for number, entity in enumerate(_field(record, "ner_info", list, where), start=1):
        place = f"{where}, entity {number}"
        if not isinstance(entity, dict):
            raise InputError(f"{place}: expected a JSON object, found {type(entity).__name__}")
        surface, label = (_field(entity, name, str, place) for name in ("text", "label"))
        start, end = (_field(entity, name, int, place) for name in ("start", "end"))
        if not label.strip():
            raise InputError(f'{place}: the field "label" is empty; expected an entity type')
        if not 0 <= start < end <= len(text):
            raise InputError(
                f"{place}: the span {start} to {end} is empty or outside the text, which has {len(text)} characters"
            )
        fragments = _fragments(text[start:end], surface, start)
        if fragments is None:
            raise InputError(f'{place} is "{surface}", but at {start} to {end} the text has "{text[start:end]}"')
        mentions.append(Mention(fragments, _spelled(label), str(number)))
    return text, tuple(mentions)


def _fragments(there: str, surface: str, start: int) -> tuple[tuple[int, int], ...] | None:
    """Where a surface stands in a part of the text that starts at `start`: all of it, or its beginning and its end.

    The layout has one pair of offsets, so that "left arm" of "left and right arm" can only be given by the range
    around it. None when it does not stand there.
    """
    wanted, words = " ".join(surface.split()), surface.split()
    if " ".join(there.split()) == wanted:
        return ((start, start + len(there)),)
    for cut in range(1, len(words)):
        left, right = " ".join(words[:cut]), " ".join(words[cut:])
        if there.startswith(left) and there.endswith(right) and len(left) + len(right) < len(there):
            return ((start, start + len(left)), (start + len(there) - len(right), start + len(there)))
    return None


def _with_tags(record: dict, where: str) -> tuple[str, tuple[Mention, ...], int]:
    """Text, mentions and number of repaired tags of the layout with tokens and tags."""
    name = next((name for name in TAGS if name in record), None)
    if "tokens" not in record or name is None:
        raise InputError(f'{where}: expected the fields "full_text" and "ner_info", or "tokens" and "tags"')
    tokens, tags = _field(record, "tokens", list, where), _field(record, name, list, where)
    if not all(isinstance(item, str) for item in [*tokens, *tags]):
        raise InputError(f'{where}: the fields "tokens" and "{name}" must be lists of text')
    if len(tokens) != len(tags):
        raise InputError(f"{where}: {len(tokens)} tokens, but {len(tags)} tags; expected one tag for each token")
    try:
        repaired, changed = repair(tags)
    except ValueError as error:
        raise InputError(f"{where}: {error}") from error
    starts, position = [], 0
    for token in tokens:
        starts.append(position)
        position += len(token) + 1
    mentions = tuple(
        Mention(
            ((starts[span.start], starts[span.end - 1] + len(tokens[span.end - 1])),), _spelled(span.label), str(number)
        )
        for number, span in enumerate(spans_of(repaired), start=1)
    )
    return " ".join(tokens), mentions, changed


def _field(record: dict, name: str, kind: type, where: str) -> Any:
    """A field of the kind expected; true and false are no numbers."""
    value = record.get(name)
    if not isinstance(value, kind) or isinstance(value, bool):
        words = {str: "text", int: "a whole number", list: "a list"}
        raise InputError(f'{where}: the field "{name}" holds {json.dumps(value)[:60]}; expected {words[kind]}')
    return value


def _spelled(label: str) -> str:
    return label.capitalize() if label.isupper() else label
