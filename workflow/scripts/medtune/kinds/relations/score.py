"""Score the answers of one model: entities and relations, against what is annotated."""

from collections.abc import Mapping, Sequence
from typing import Any

from medtune.data.predictions import answers_of
from medtune.kinds.relations.answers import Answer, read_answer
from medtune.kinds.relations.counted import ANSWER_COLUMNS, COUNT_COLUMNS, DOCUMENTS, count, item_cells, split_metrics
from medtune.kinds.relations.examples import as_asked, checked_documents, schema_of
from medtune.kinds.relations.graph_f1 import GraphF1, found_graph, gold_graph, graph_f1
from medtune.kinds.relations.task import READING
from medtune.kinds.scores import Scores
from medtune.metrics.drawn import Drawn, drawn_of

GRAPH_F1 = {level: f"radgraph_f1_{level}" for level in GraphF1._fields}
"""RadGraph F1 by level: columns of items.csv, and its mean over documents in metrics.json."""
ITEM_COLUMNS = ("id", "split", "group", "source", *ANSWER_COLUMNS, *COUNT_COLUMNS, *GRAPH_F1.values())


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
        graphs = [_graph_cells(answer) for answer in answers]
        splits[split] = {
            **split_metrics(counted, drawn),
            **{name: drawn.mean([cells[name] for cells in graphs]).as_dict() for name in GRAPH_F1.values()},
            "allowed_rate": _allowed_rate(answers, drawn),
        }
        items += [
            {"id": row["id"], "split": split, "group": row.get("group"), "source": row.get("source"), **cells, **graph}
            for row, cells, graph in zip(rows, item_cells(counted), graphs, strict=True)
        ]
    return Scores({"entities": list(entities), "relations": dict(relations), "seed": seed, "splits": splits}, items)


def _graph_cells(answer: Answer) -> dict[str, float]:
    """RadGraph F1 of one document by the names of its levels."""
    found = graph_f1(gold_graph(answer.document), found_graph(answer.found, answer.document.text))
    return {GRAPH_F1[level]: value for level, value in found._asdict().items()}


def _allowed_rate(answers: Sequence[Answer], drawn: Drawn) -> dict:
    """Share of answers without a relation that the schema does not allow."""
    return drawn.share([not answer.found.removals.violations for answer in answers]).as_dict()
