"""Score the answers of one model: entities and relations, against what is annotated."""

from collections.abc import Mapping, Sequence
from typing import Any

from medtune.data.predictions import answers_of
from medtune.kinds.relations.answers import Answer, read_answer
from medtune.kinds.relations.counted import ANSWER_COLUMNS, COUNT_COLUMNS, DOCUMENTS, count, item_cells, split_metrics
from medtune.kinds.relations.examples import as_asked, checked_documents, schema_of
from medtune.kinds.relations.task import READING
from medtune.kinds.scores import Scores
from medtune.metrics.drawn import Drawn, drawn_of

ITEM_COLUMNS = ("id", "split", "group", "source", *ANSWER_COLUMNS, *COUNT_COLUMNS)


def score(
    examples: Mapping[str, Sequence[dict]],
    predictions: Sequence[dict],
    seed: int,
    entities: Sequence[str],
    relations: Mapping[str, Mapping[str, Any]],
    **_: Any,
) -> Scores:
    """Score every document of every split.

    examples: by split, canonical rows, see `examples`; a document without a `group` is its own. predictions: one row
    for each of them. seed: is recorded. entities, relations: as `schema_of` takes them. The task's other options change
    no score. Raises InputError when a prediction is missing, doubled or of no document, and for faulty documents.
    """
    schema = schema_of(entities, relations)
    answered = answers_of(examples, predictions)
    splits, items = {}, []
    for split, rows in examples.items():
        documents = checked_documents(rows, schema, f"split {split}")
        answers = [
            read_answer(as_asked(document), prediction, schema, **READING)
            for document, prediction in zip(documents, answered[split], strict=True)
        ]
        counted, drawn = count(answers, schema), drawn_of(rows, DOCUMENTS)
        splits[split] = {**split_metrics(counted, drawn), "allowed_rate": _allowed_rate(answers, drawn)}
        items += [
            {"id": row["id"], "split": split, "group": row.get("group"), "source": row.get("source"), **cells}
            for row, cells in zip(rows, item_cells(counted), strict=True)
        ]
    return Scores({"entities": list(entities), "relations": dict(relations), "seed": seed, "splits": splits}, items)


def _allowed_rate(answers: Sequence[Answer], drawn: Drawn) -> dict:
    """Share of answers without a relation that the schema does not allow."""
    return drawn.share([not answer.found.removals.violations for answer in answers]).as_dict()
