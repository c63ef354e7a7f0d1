"""Documents, answers and scored runs of the relations study, for tests of what comes after generation."""

import json
import random

from medtune.data.relation_schema import STUDY_SCHEMA
from medtune.files import write_json
from medtune.kinds.relations.output import write_output
from medtune.reporting.tables import write_csv
from medtune.studies.relations.familiarity import entity_texts
from medtune.studies.relations.generator import make_splits
from medtune.studies.relations.rows import document_of, gold_given, row_of
from medtune.studies.relations.schema_file import write_schema
from medtune.studies.relations.score import ITEM_COLUMNS, score
from medtune.studies.relations.template import RelationsTask

SPLITS = ("validation", "test", "given")


def schema_file(folder):
    """schema.json of the study's own types."""
    write_schema(folder / "schema.json", STUDY_SCHEMA)
    return folder / "schema.json"


def prompts(folder):
    """A folder with instructions."""
    (folder / "prompts").mkdir(exist_ok=True)
    (folder / "prompts" / "joint.txt").write_text("List the entities and relations.")
    return folder / "prompts"


def made_rows(count, seed=3):
    """Rows of made documents by split; those of "given" are the test documents with their entities."""
    made = make_splits({"validation": count, "test": count}, seed)
    rows = {split: [row_of(item.document) for item in items] for split, items in made.items()}
    rows["given"] = [row_of(item.document, "joint", gold_given(item.document, "joint")) for item in made["test"]]
    return rows


def prediction(task, split, row, output, finish="eos"):
    """A line of predictions.jsonl."""
    parsed = task.parse(output)
    return {
        "id": row["id"],
        "split": split,
        "raw": output,
        "value": parsed.value,
        "status": parsed.status,
        "output_tokens": len(output) // 4,
        "finish": finish,
    }


def output_of(document, rng, errors, repeats=0.0, given=False):
    """An answer with errors of all kinds, each item wrong with the probability `errors`; some relations repeated."""
    answer = json.loads(write_output(document))
    relations = []
    for relation in answer["relations"]:
        if rng.random() < errors:
            change = rng.choice(["turned", "retyped", "missed", "argument"])
            if change == "missed":
                continue
            if change == "turned":
                relation = {**relation, "head": relation["tail"], "tail": relation["head"]}
            elif change == "retyped":
                relation = {**relation, "type": rng.choice([type_.name for type_ in STUDY_SCHEMA.relations])}
            else:
                relation = {**relation, "tail": rng.choice(answer["entities"])["text"]}
        relations += [relation] * (3 if rng.random() < repeats else 1)
    if answer["entities"] and rng.random() < errors / 2:
        head, tail = (rng.choice(answer["entities"])["text"] for _ in range(2))
        relations.append({"head": head, "type": "causes", "tail": tail})
    if given:
        return json.dumps(relations) + "}"
    entities = []
    for entity in answer["entities"]:
        if rng.random() < errors / 3:
            if rng.random() < 0.5:
                continue
            entity = {**entity, "type": rng.choice(STUDY_SCHEMA.entities)}
        entities.append(entity)
    if rng.random() < errors / 5:
        entities.append({"text": "zebra", "type": "Drug"})
    return json.dumps({"entities": entities, "relations": relations})


def answers(rows, task, errors, repeats=0.0, seed=0, broken=0.0):
    """predictions.jsonl of a model that makes so many errors; some outputs are cut or no JSON."""
    rng = random.Random(seed)
    found = []
    for split, members in rows.items():
        for row in members:
            output = output_of(document_of(row), rng, errors, repeats, split == "given")
            finish = "eos"
            if rng.random() < broken:
                output, finish = (output[: len(output) // 2], "length") if rng.random() < 0.5 else ("Sorry.", "eos")
            found.append(prediction(task, split, row, output, finish))
    return found


def scored(folder, name, rows, predictions, schema, deduplicate=False, drop_violations=False):
    """Score a run and write its files as the score stage does; their paths."""
    reading = {"deduplicate": deduplicate, "drop_violations": drop_violations}
    scores = score(rows, predictions, 0, schema=schema, known=known_file(folder), **reading)
    write_json(folder / name / "metrics.json", scores.metrics)
    write_csv(folder / name / "items.csv", scores.items, ITEM_COLUMNS)
    return folder / name / "metrics.json", folder / name / "items.csv"


def task(folder):
    """The study's task with made instructions."""
    return RelationsTask(prompts(folder))


def known_file(folder):
    """Texts of the entities of made training documents."""
    documents = [item.document for item in make_splits({"train": 60}, 3)["train"]]
    write_json(folder / "known.json", entity_texts(documents))
    return folder / "known.json"
