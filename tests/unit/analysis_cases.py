"""Small tagged documents for tests of the analysis."""

from medtune.data.bio import spans_of
from medtune.studies.maccrobat.analysis.documents import TaggedDocument, tagged_document


def row(words: str, tags: str, identifier: str = "d", dropped: list[dict] | None = None) -> dict:
    """A row of a split. words, tags: parted by blanks."""
    parts = words.split()
    starts = [len(" ".join(parts[:number])) + (number > 0) for number in range(len(parts))]
    kept = [
        {"first": span.start, "last": span.end, "label": span.label, "kept": True, "reason": ""}
        for span in spans_of(tags.split())
    ]
    return {
        "id": identifier,
        "source": "made",
        "text": words,
        "words": parts,
        "offsets": [[start, start + len(word)] for start, word in zip(starts, parts, strict=True)],
        "sentences": [0],
        "tags": tags.split(),
        "entities": kept + (dropped or []),
    }


def prediction(tags: str, confidence: list[float] | None = None, identifier: str = "d", split: str = "test") -> dict:
    """A prediction; without confidences all are 0.9, calibrated ones are a tenth lower."""
    confidence = confidence or [0.9] * len(tags.split())
    return {
        "id": identifier,
        "split": split,
        "tags": tags.split(),
        "confidence": confidence,
        "calibrated": [round(value - 0.1, 6) for value in confidence],
    }


def dropped(first: int, last: int, label: str, reason: str = "nested") -> dict:
    """A gold entity that the tags do not hold."""
    return {"first": first, "last": last, "label": label, "kept": False, "reason": reason}


def document(
    gold: str, predicted: str, confidence: list[float] | None = None, words: str = "", lost: list[dict] | None = None
) -> TaggedDocument:
    """A document from tags; its words are w0, w1 … unless given."""
    words = words or " ".join(f"w{number}" for number in range(len(gold.split())))
    return tagged_document(row(words, gold, dropped=lost), prediction(predicted, confidence))
