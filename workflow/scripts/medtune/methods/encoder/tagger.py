"""A trained tagger as its figures were measured: window offsets, their mean, Viterbi decoding with transition scores.

The model alone gives scores of subwords; `TaggerSettings` hold all else that determines the tags. This module also
ships with each model, see `standalone`: it needs nothing beyond torch, transformers and numpy.
"""

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from medtune.data.alignment import make_layout, subwords
from medtune.data.bio import spans_of
from medtune.data.words import Word, sentence_starts, words_of
from medtune.methods.encoder.decoding import Transitions, decode
from medtune.methods.encoder.tagging import mean_logits
from medtune.metrics.softmax import confidences
from medtune.models.loading import load_tagger
from medtune.models.tagger_files import TAGGER_FILE

BATCH_TOKENS = 8192


@dataclass(frozen=True)
class TaggerSettings:
    """What determines the tags besides the model.

    tags: of each number.  window_tokens, overlap_tokens: of the windows, in subwords.  window_offsets: ways in which a
    document is cut into windows; a word's scores are their mean.  transitions: (tags, tags), score of each two
    neighbouring tags; None where only valid BIO is required.  outside_score: added to "O".  temperature: that logits
    are divided by for calibrated confidences.  precision: of weights and arithmetic, as torch names it.
    """

    tags: list[str]
    window_tokens: int
    overlap_tokens: int
    window_offsets: int
    transitions: list[list[float]] | None
    outside_score: float
    temperature: float
    precision: str

    @property
    def scores(self) -> Transitions | None:
        """The transitions as `decode` takes them."""
        return None if self.transitions is None else Transitions(np.array(self.transitions), self.outside_score)

    def as_dict(self) -> dict[str, Any]:
        """Content of tagger.json."""
        return asdict(self)


class TaggedWords(NamedTuple):
    """A tag for each word of a document, its probability, and the same after temperature scaling."""

    tags: list[str]
    confidence: list[float]
    calibrated: list[float]


class Entity(NamedTuple):
    """start, end: characters, end exclusive. confidence: the least calibrated one of its words; raw: the least before
    temperature scaling."""

    start: int
    end: int
    label: str
    confidence: float
    raw: float


class TaggedText(NamedTuple):
    """The entities of a text, in its order, and its words with their tags."""

    entities: list[Entity]
    words: TaggedWords


class Tagger:
    """Tags documents exactly as in the evaluation; batches change rounding only."""

    def __init__(self, model: Any, tokenizer: Any, settings: TaggerSettings, batch_tokens: int = BATCH_TOKENS):
        """model, tokenizer: as `load_tagger` gives them. batch_tokens: windows × longest window of a forward pass."""
        self.model, self.tokenizer, self.settings, self.batch_tokens = model, tokenizer, settings, batch_tokens
        self._layout = make_layout(tokenizer, settings.window_tokens, settings.overlap_tokens)

    @classmethod
    def load(cls, folder: Path | str, device: str | None = None, batch_tokens: int = BATCH_TOKENS) -> "Tagger":
        """The tagger of a model's folder. device: by default the GPU where there is one."""
        import torch

        settings = read_settings(folder)
        model, tokenizer = load_tagger(Path(folder), device, getattr(torch, settings.precision))
        return cls(model, tokenizer, settings, batch_tokens)

    def tag_words(self, rows: Sequence[Mapping[str, Any]]) -> list[TaggedWords]:
        """rows: documents with `words`, and `sentences`, the index of each sentence's first word."""
        documents = [subwords(row["words"], row["sentences"], self.tokenizer) for row in rows]
        pad = self.tokenizer.pad_token_id
        logits = mean_logits(self.model, documents, self._layout, self.batch_tokens, pad, self.settings.window_offsets)
        return [self._tagged(of_words) for of_words in logits]

    def tag(self, texts: Iterable[str]) -> list[TaggedText]:
        """The words and entities of each text."""
        texts = list(texts)
        words = [words_of(text) for text in texts]
        rows = [
            {"words": [word.text for word in found], "sentences": sentence_starts(text, found)}
            for text, found in zip(texts, words, strict=True)
        ]
        return [
            TaggedText(entities_of(found, tagged), tagged)
            for found, tagged in zip(words, self.tag_words(rows), strict=True)
        ]

    def entities(self, texts: Iterable[str]) -> list[list[Entity]]:
        """The entities of each text, in its order."""
        return [tagged.entities for tagged in self.tag(texts)]

    def _tagged(self, logits: np.ndarray) -> TaggedWords:
        chosen = decode(logits, self.settings.tags, self.settings.scores)
        return tagged_words(logits, chosen, self.settings.tags, self.settings.temperature)


def entities_of(words: Sequence[Word], tagged: TaggedWords) -> list[Entity]:
    """The entities that the tags of some words stand for."""
    return [
        Entity(
            words[span.start].start,
            words[span.end - 1].end,
            span.label,
            min(tagged.calibrated[span.start : span.end]),
            min(tagged.confidence[span.start : span.end]),
        )
        for span in spans_of(tagged.tags)
    ]


def read_settings(folder: Path | str) -> TaggerSettings:
    """The settings in a model's folder."""
    return TaggerSettings(**json.loads(Path(folder, TAGGER_FILE).read_text(encoding="utf-8")))


def tagged_words(logits: np.ndarray, chosen: Sequence[int], tags: Sequence[str], temperature: float) -> TaggedWords:
    """The chosen tags with their probabilities. logits: (words, tags). chosen: number of each word's tag."""
    if not len(chosen):
        return TaggedWords([], [], [])
    both = (confidences(logits, chosen), confidences(logits, chosen, temperature))
    return TaggedWords([tags[number] for number in chosen], *(values.tolist() for values in both))


def main() -> None:
    """Print the entities of text files, a line of JSON for each file."""
    parser = argparse.ArgumentParser(description="Print the entities of text files as JSON lines.")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a UTF-8 text file")
    parser.add_argument("--device", help="cpu or cuda; by default the GPU where there is one")
    arguments = parser.parse_args()
    # As bytes: line ends stay as they are, so that offsets hold in the files.
    texts = [path.read_bytes().decode() for path in arguments.files]
    found = Tagger.load(Path(__file__).parent, arguments.device).entities(texts)
    for path, text, entities in zip(arguments.files, texts, found, strict=True):
        rows = [{**entity._asdict(), "text": text[entity.start : entity.end]} for entity in entities]
        print(json.dumps({"file": str(path), "entities": rows}, ensure_ascii=False))
