"""Score the predictions of one tagger: spans of whole documents against the gold spans."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from medtune.data.bio import RULE, repair
from medtune.data.predictions import answers_of
from medtune.errors import InputError
from medtune.kinds.scores import Scores
from medtune.metrics.intervals import share
from medtune.metrics.prf import FIGURES, Figures
from medtune.metrics.span_matching import match_spans
from medtune.studies.maccrobat.analysis.documents import TaggedDocument, tagged_document
from medtune.studies.maccrobat.analysis.errors import classify
from medtune.studies.maccrobat.analysis.lengths import length_rows
from medtune.studies.maccrobat.analysis.types import TypeTable, read_type_table, score_types, tier_rows, type_rows

NAME = "maccrobat"
ITEM_COLUMNS = (
    "id",
    "split",
    "words",
    "gold",
    "dropped_gold",
    "predicted",
    "right",
    "right_of_all_gold",
    "right_boundaries",
    "right_tags",
    "repaired",
    "least_confidence",
)


def score(
    examples: Mapping[str, Sequence[dict]], predictions: Sequence[dict], seed: int, *, tags: Path | str
) -> Scores:
    """Score every document of every split.

    examples: by split, rows as `prepare` writes them. predictions: one row for each. tags: tags.json.
    seed: is recorded.
    Raises InputError when predictions and documents do not belong together.
    """
    table = read_type_table(tags)
    answered = answers_of(examples, predictions)
    splits, items = {}, []
    for split, rows in examples.items():
        documents = [_document(row, found, split) for row, found in zip(rows, answered[split], strict=True)]
        repaired = [repair(found["tags"])[1] for found in answered[split]]
        splits[split] = split_metrics(documents, table, sum(repaired))
        items += [_item(split, document, changed) for document, changed in zip(documents, repaired, strict=True)]
    return Scores({"study": NAME, "seed": seed, "repair_rule": RULE, "splits": splits}, items)


def split_metrics(documents: Sequence[TaggedDocument], table: TypeTable, repaired: int) -> dict:
    """All figures of one split.

    micro, macro: precision, recall and F1 by scheme (see `metrics.span_scores`), of the gold entities that flat tags
    hold; a prediction that is exactly a dropped entity is wrong here. macro over `macro_types`. all_gold: the strict
    ones of every gold entity, dropped ones included: such a prediction is right here, and a dropped entity that no
    prediction equals, as none can where it has a gap, is missed.
    types, tiers, lengths: rows with strict figures. repaired: predicted tags that the rule changed.
    """
    found = score_types(documents, table)
    words = [len(document.words) for document in documents]
    return {
        "n": len(documents),
        "n_words": sum(words),
        "n_gold": found.scores.gold,
        "n_all_gold": found.all_gold.gold,
        "n_predicted": found.scores.predicted,
        "micro": {scheme: _plain(figures) for scheme, figures in found.scores.micro.items()},
        "macro": {scheme: _plain(figures) for scheme, figures in found.scores.macro.items()},
        "macro_types": list(found.scores.macro_labels),
        "all_gold": {"micro": _plain(found.all_gold.micro["strict"]), "macro": _plain(found.all_gold.macro["strict"])},
        "all_gold_recall": found.all_gold.micro["strict"].recall.as_dict(),
        "word_accuracy": share([_right_tags(document) for document in documents], words).as_dict(),
        "repaired": repaired,
        "types": type_rows(found, table),
        "tiers": tier_rows(found, table),
        "lengths": length_rows(classify(documents), len(documents)),
    }


def _document(row: dict, prediction: dict, split: str) -> TaggedDocument:
    try:
        return tagged_document(row, prediction)
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f'predictions, id "{row["id"]}" of split {split}: {error}; tag again') from error


def _plain(figures: Figures) -> dict:
    return {name: getattr(figures, name).as_dict() for name in FIGURES}


def _right_tags(document: TaggedDocument) -> int:
    """Words with the gold tag, after repair."""
    return sum(gold == found for gold, found in zip(document.gold_tags, document.tags, strict=True))


def _item(split: str, document: TaggedDocument, repaired: int) -> dict:
    """One row of items.csv: numbers of words, of entities, of those found (strictly; among all gold; by boundaries), of
    tags."""
    matches = match_spans(document.gold, document.predicted_spans)
    return {
        "id": document.id,
        "split": split,
        "words": len(document.words),
        "gold": len(document.gold),
        "dropped_gold": len(document.dropped),
        "predicted": len(document.predicted),
        "right": len(matches.strict),
        "right_of_all_gold": len(document.right(all_gold=True)),
        "right_boundaries": len(matches.exact),
        "right_tags": _right_tags(document),
        "repaired": repaired,
        "least_confidence": min(document.calibrated, default=None),
    }
