"""Documents with their gold and predicted entities: the one reader of rows and predictions for all analysis."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from medtune.data.bio import repair, spans_of
from medtune.data.flatten import DISCONTINUOUS
from medtune.data.span import Span
from medtune.errors import InputError
from medtune.files import read_jsonl
from medtune.metrics.span_matching import match_spans
from medtune.metrics.span_scores import SpanDocument

ROW_FIELDS = ("id", "text", "words", "offsets", "tags", "entities")
PREDICTION_FIELDS = ("id", "split", "tags", "confidence", "calibrated")


@dataclass(frozen=True)
class DroppedGold:
    """A gold entity that the flat tags do not hold.

    first, last: word indices of the (enclosing) range, end exclusive; equal where no word is covered.
    """

    first: int
    last: int
    label: str
    reason: str

    @property
    def span(self) -> Span | None:
        """Its words, where they are a stretch that a prediction can equal; None without words or with a gap."""
        if self.first == self.last or self.reason == DISCONTINUOUS:
            return None
        return Span(self.first, self.last, self.label)


@dataclass(frozen=True)
class FoundSpan:
    """A predicted entity. confidence: the least probability of its words' tags; calibrated: after temperature."""

    span: Span
    confidence: float
    calibrated: float


@dataclass(frozen=True)
class TaggedDocument:
    """One document. Spans are of word indices, end exclusive; n is the number of words.

    offsets: characters of each word in `text`, end exclusive.  gold: entities that the flat tags hold, sorted.
    dropped: all other gold entities.  predicted: found entities, sorted.  gold_tags, tags: (n,) BIO tags, gold and
    predicted, both repaired.  confidence, calibrated: (n,) per word, of the predicted tag.
    """

    id: str
    text: str
    words: tuple[str, ...]
    offsets: tuple[tuple[int, int], ...]
    gold: tuple[Span, ...]
    dropped: tuple[DroppedGold, ...]
    predicted: tuple[FoundSpan, ...]
    gold_tags: tuple[str, ...]
    tags: tuple[str, ...]
    confidence: tuple[float, ...]
    calibrated: tuple[float, ...]

    @property
    def dropped_labels(self) -> tuple[str, ...]:
        """Labels of the gold entities that the flat tags do not hold."""
        return tuple(entity.label for entity in self.dropped)

    @cached_property
    def all_gold(self) -> tuple[Span, ...]:
        """All gold entities that are one stretch of words, the dropped ones among them included, sorted."""
        return tuple(sorted([*self.gold, *filter(None, (entity.span for entity in self.dropped))]))

    @cached_property
    def predicted_spans(self) -> tuple[Span, ...]:
        """The spans of `predicted`, in its order."""
        return tuple(found.span for found in self.predicted)

    def right(self, all_gold: bool = False) -> frozenset[int]:
        """Places in `predicted` of the strictly correct ones: of the gold that the flat tags hold, or of all gold.

        A prediction that is exactly a dropped entity (the inner one of two nested ones) is right with `all_gold` alone.
        """
        gold = self.all_gold if all_gold else self.gold
        return frozenset(found for _, found in match_spans(gold, self.predicted_spans).strict)

    def scored(self, all_gold: bool = False, threshold: float = 0.0, calibrated: bool = False) -> SpanDocument:
        """As the span metrics take it.

        all_gold: dropped entities are gold, too. A prediction may be exactly one of them; those without a stretch of
        words of their own are always missed. threshold: only predictions with at least this confidence are kept; the
        calibrated one where `calibrated` says so.
        """
        kept = [
            found.span
            for found in self.predicted
            if (found.calibrated if calibrated else found.confidence) >= threshold
        ]
        if not all_gold:
            return SpanDocument(self.gold, kept)
        return SpanDocument(self.all_gold, kept, [entity.label for entity in self.dropped if entity.span is None])

    def surface(self, span: Span) -> str:
        """The text of a span as it stands in the document."""
        return self.text[self.offsets[span.start][0] : self.offsets[span.end - 1][1]]


def load_splits(data: Mapping[str, Path | str], predictions: Path | str) -> dict[str, list[TaggedDocument]]:
    """Documents of each split, in the order of its rows.

    data: file of rows by name of split ("validation", "test").  predictions: file with the predictions of all of them.
    Raises InputError naming file and document where a field is missing, lengths differ, confidences lie outside
    [0, 1], the kept entities are not those of the tags, or rows and predictions are not of the same documents.
    """
    by_split: dict[str, dict[str, dict]] = {split: {} for split in data}
    for number, prediction in enumerate(read_jsonl(predictions), start=1):
        _require(prediction, PREDICTION_FIELDS, f"{predictions}, line {number}")
        if prediction["split"] in by_split:
            of_split = by_split[prediction["split"]]
            if prediction["id"] in of_split:
                raise InputError(f'{predictions}, line {number}: document "{prediction["id"]}" comes a second time')
            of_split[prediction["id"]] = prediction
    return {split: _load(path, predictions, by_split[split], split) for split, path in data.items()}


def tagged_document(row: Mapping[str, Any], prediction: Mapping[str, Any]) -> TaggedDocument:
    """One document from its row and its prediction. Raises ValueError where they contradict each other."""
    n = len(row["words"])
    for name, values in (
        ("offsets", row["offsets"]),
        ("tags", row["tags"]),
        ("predicted tags", prediction["tags"]),
        ("confidence", prediction["confidence"]),
        ("calibrated", prediction["calibrated"]),
    ):
        if len(values) != n:
            raise ValueError(f"{len(values)} {name} for {n} words")
    for name in ("confidence", "calibrated"):
        if not all(0 <= value <= 1 for value in prediction[name]):
            raise ValueError(f"{name} outside [0, 1]")
    gold_tags, tags = (repair(of["tags"])[0] for of in (row, prediction))
    entities = [(bool(entity["kept"]), entity) for entity in row["entities"]]
    gold = sorted(Span(e["first"], e["last"], e["label"]) for kept, e in entities if kept)
    if gold != sorted(spans_of(gold_tags)):
        raise ValueError("the kept entities are not those of the tags")
    confidence, calibrated = tuple(prediction["confidence"]), tuple(prediction["calibrated"])
    return TaggedDocument(
        id=row["id"],
        text=row["text"],
        words=tuple(row["words"]),
        offsets=tuple((start, end) for start, end in row["offsets"]),
        gold=tuple(gold),
        dropped=tuple(DroppedGold(e["first"], e["last"], e["label"], e["reason"]) for kept, e in entities if not kept),
        predicted=tuple(
            FoundSpan(span, _least(confidence, span), _least(calibrated, span)) for span in sorted(spans_of(tags))
        ),
        gold_tags=tuple(gold_tags),
        tags=tuple(tags),
        confidence=confidence,
        calibrated=calibrated,
    )


def _load(path: Path | str, predictions: Path | str, by_id: Mapping[str, dict], split: str) -> list[TaggedDocument]:
    documents, seen = [], set()
    for number, row in enumerate(read_jsonl(path), start=1):
        _require(row, ROW_FIELDS, f"{path}, line {number}")
        name = row["id"]
        if name in seen:
            raise InputError(f'{path}, line {number}: document "{name}" comes a second time')
        seen.add(name)
        if name not in by_id:
            raise InputError(f'{predictions}: no prediction for document "{name}" of {path}')
        try:
            documents.append(tagged_document(row, by_id[name]))
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(f'{path} and {predictions}, document "{name}": {error}') from error
    unknown = sorted(set(by_id) - seen)
    if unknown:
        raise InputError(f'{predictions}: document "{unknown[0]}" of the {split} split is not in {path}')
    return documents


def _require(record: Mapping[str, Any], fields: Sequence[str], where: str) -> None:
    missing = [field for field in fields if field not in record]
    if missing:
        raise InputError(f'{where}: no "{missing[0]}"')


def _least(values: Sequence[float], span: Span) -> float:
    return min(values[span.start : span.end])
