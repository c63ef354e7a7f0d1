"""Answers of a run of each study, taken over as a kind's: scored as the study itself scores them."""

import json

import pytest

from medtune.data.relation_schema import STUDY_SCHEMA
from medtune.errors import InputError
from medtune.files import read_json, read_jsonl, write_json, write_jsonl
from medtune.stages.take_run import Job, take_run
from medtune.studies import part_of
from medtune.studies.maccrobat.score import score as score_maccrobat
from medtune.studies.meerkat.score import score as score_meerkat
from medtune.studies.radgraph.combined import combine_outcomes, combined_figures
from medtune.studies.radgraph.generator import make_corpus
from medtune.studies.radgraph.prepare import make_rows
from medtune.studies.radgraph.reports import LABELS, corpus_of, cut, write_radgraph
from medtune.studies.radgraph.runs import RunFiles, read_run
from medtune.studies.radgraph.score import score as score_radgraph
from medtune.studies.radgraph.template import RadGraphTask
from medtune.studies.relations.score import score as score_relations
from medtune.studies.yesno.score import score as score_yesno
from tests.unit.relations_study import answers, made_rows, schema_file, task
from tests.unit.tagged_study import TYPES, made_study

HELD = ("validation", "test")
RECORD = {"trainable_parameters": 100, "train_seconds": 2.5, "peak_memory_mb": 300.0, "hardware": {"device": "cpu"}}
BENCHMARK = "s\th:m:s\tmax_rss\n4.5\t0:00:04\t250.25\n"


def written(folder, **more):
    """Files of a run that say what it took, and more of them, by the names of inputs."""
    write_json(folder / "training.json", RECORD)
    (folder / "generate.benchmark.tsv").write_text(BENCHMARK)
    write_jsonl(folder / "train.jsonl", [{"id": "a"}, {"id": "b"}, {"id": "b"}])
    names = {"record": "training.json", "benchmark": "generate.benchmark.tsv", "train": "train.jsonl"}
    return {**{name: [folder / file] for name, file in names.items()}, **more}


def taken(folder, study, kind, files, task_options, options=None, *, given):
    """Scores of the own study, its predictions, and what its two records say. given: the study's data by split."""
    splits = {split: folder / f"own_{split}.jsonl" for split in HELD}
    for split, path in splits.items():
        write_jsonl(path, part_of(study, "plain_examples").plain_examples(given[split], kind))
        write_jsonl(path, [{**row, **_asked(row, task_options.get("entities"))} for row in read_jsonl(path)])
    job = Job(
        task=f"own_{kind}",
        task_options={"study": "mine", "prompt": "{text}\nAnswer:", **task_options},
        splits=splits,
        study=study,
        run="r",
        files=files,
        options=options or {},
    )
    outputs = {name: folder / f"{name}.out" for name in ("predictions", "training", "answering")}
    take_run(job, **outputs)
    rows = read_jsonl(outputs["predictions"])
    examples = {split: read_jsonl(path) for split, path in splits.items()}
    scores = part_of(job.task, "score").score(examples, rows, 1, **job.task_options)
    return scores, rows, read_json(outputs["training"]), read_json(outputs["answering"])


def _asked(row, types):
    """Entities as prepared studies have them: of their types, with their text."""
    found = [
        {**one, "text": row["text"][one["start"] : one["end"]]}
        for one in row.get("entities", ())
        if one["type"] in types
    ]
    return {"entities": found} if types else {}


def given_files(folder, data):
    """Rows of the study as its files, by split."""
    paths = {split: folder / f"given_{split}.jsonl" for split in data}
    for split, path in paths.items():
        write_jsonl(path, data[split])
    return paths


def cells(items, *names):
    return {item["id"]: [item[name] for name in names] for item in items}


def yesno_answer(identifier, split, label, status="ok"):
    return {
        "id": identifier,
        "split": split,
        "raw": f" {label}. Rationale: So.",
        "value": None if status == "unparsable" else {"label": label, "rationale": "So."},
        "status": status,
        "prompt_tokens": 8,
        "output_tokens": 6,
        "finish": "eos",
        "confidence": 0.5,
        "label_log_likelihoods": {"Yes": -1.5, "No": -0.5, "Uncertain": -2.25},
    }


@pytest.fixture
def yesno(tmp_path):
    """Rows by split, predictions (of a further split, too) and the files of a run."""
    gold = {"validation": ("Yes",), "test": ("Yes", "No", "Uncertain", "No"), "challenge": ("Yes",)}
    data = {
        split: [
            {"id": f"{split}{n}", "question": f"Is {n}?", "label": label, "rationale": "So.", "source": "a"}
            for n, label in enumerate(labels)
        ]
        for split, labels in gold.items()
    }
    said = iter([("No",), ("Yes",), ("No", "label_only"), ("Yes", "unparsable"), ("Uncertain",), ("No",)])
    found = [yesno_answer(row["id"], split, *next(said)) for split, rows in data.items() for row in rows]
    write_jsonl(tmp_path / "predictions.jsonl", found)
    return data, found, written(tmp_path, predictions=[tmp_path / "predictions.jsonl"])


LABEL_TASK = {"labels": ["Yes", "No", "Uncertain"]}


def test_labels_of_yesno_are_scored_as_there(tmp_path, yesno):
    data, found, files = yesno
    scores, rows, training, answering = taken(
        tmp_path, "yesno", "labels", files, LABEL_TASK, given=given_files(tmp_path, data)
    )
    columns = ("predicted", "status", "correct", "likelihood_label", "likelihood_confidence", "output_tokens")
    own = score_yesno(data, found, 1).items
    assert cells(scores.items, *columns) == cells([item for item in own if item["split"] in HELD], *columns)
    assert [row["value"] and row["value"]["label"] for row in rows] == ["No", "Yes", "No", None, "Uncertain"]
    assert {row["confidence"] for row in rows} == {0.5}
    assert (training["method"], training["examples"], training["train_seconds"]) == ("trained", 3, 2.5)
    assert (training["trainable_parameters"], training["device"]) == (100, "cpu")
    cost = {"seconds": 4.5, "documents": 6, "peak_memory_mb": 250.25, "device": "cpu", "measured": "with loading"}
    assert answering == cost


def test_a_label_that_is_not_asked_for_is_no_answer(tmp_path, yesno):
    data, _, files = yesno
    kept = {split: [row for row in rows if row["label"] != "Uncertain"] for split, rows in data.items()}
    options = {"labels": ["Yes", "No"]}
    scores, rows, *_ = taken(tmp_path, "yesno", "labels", files, options, given=given_files(tmp_path, kept))
    assert cells(scores.items, "predicted")["test3"] == [None]
    assert set(rows[0]["label_log_likelihoods"]) == {"Yes", "No"}


def test_an_example_without_an_answer_is_refused(tmp_path, yesno):
    data, found, files = yesno
    write_jsonl(files["predictions"][0], found[:-2])
    with pytest.raises(InputError, match='"test3": not answered by the run "r" of study yesno'):
        taken(tmp_path, "yesno", "labels", files, LABEL_TASK, given=given_files(tmp_path, data))


def test_of_a_base_model_nothing_was_trained_and_of_copied_answers_no_time_is_known(tmp_path, yesno):
    data, _, files = yesno
    base = {name: path for name, path in files.items() if name not in ("record", "train")}
    _, _, training, answering = taken(tmp_path, "yesno", "labels", base, LABEL_TASK, given=given_files(tmp_path, data))
    assert (training["trainable_parameters"], training["train_seconds"], training["examples"]) == (0, 0, 0)
    assert (answering["seconds"], answering["device"]) == (4.5, None)
    write_json(files["record"][0], {**RECORD, "copied_from": "iteration1/training.json"})
    _, _, training, answering = taken(tmp_path, "yesno", "labels", files, LABEL_TASK, given=given_files(tmp_path, data))
    assert (training["train_seconds"], answering["seconds"], answering["measured"]) == (2.5, None, None)


def test_a_broken_benchmark_is_refused(tmp_path, yesno):
    data, _, files = yesno
    files["benchmark"][0].write_text("s\n")
    with pytest.raises(InputError, match="expected a benchmark of Snakemake"):
        taken(tmp_path, "yesno", "labels", files, LABEL_TASK, given=given_files(tmp_path, data))


def test_tags_of_maccrobat_are_scored_as_there(tmp_path):
    runs, data, tags = made_study(tmp_path, runs=(("small", 5e-5, 1),))
    (run,) = runs
    tagging = {"seconds": 0.25, "peak_memory_mb": 99.0, "device": "cpu"}
    write_json(tmp_path / "tagging.json", tagging)
    files = written(
        tmp_path,
        predictions=[run.predictions],
        rows=[data[split] for split in HELD],
        answering=[tmp_path / "tagging.json"],
    )
    found = read_jsonl(run.predictions)
    scores, rows, _, answering = taken(tmp_path, "maccrobat", "spans", files, {"entities": sorted(TYPES)}, given=data)
    held = {split: read_jsonl(data[split]) for split in HELD}
    own = score_maccrobat(held, found, 1, tags=tags)
    columns = ("gold", "predicted", "right")
    assert cells(scores.items, *columns) == cells(own.items, *columns)
    test = scores.metrics["splits"]["test"]
    assert test["strict_f1"] == own.metrics["splits"]["test"]["micro"]["strict"]["f1"]
    assert 0 < test["strict_f1"]["value"] < 1
    assert rows[0]["confidence"] == pytest.approx(min(found[0]["calibrated"]))
    assert answering == {**tagging, "documents": 20, "measured": "answering alone"}
    fewer = {"entities": ["Age", "Mass"]}
    _, rows, *_ = taken(tmp_path, "maccrobat", "spans", files, fewer, given=data)
    assert {item["type"] for row in rows for item in row["value"]} == {"Age", "Mass"}


def test_answers_of_meerkat_are_scored_as_there(tmp_path):
    texts = {"evaluation": [" Rest."], "holdout": [" Rest and ice.", "", " Drink water twice."]}
    gold = {"evaluation": ["Rest."], "holdout": ["Rest and ice.", "Sleep.", "Drink much water."]}
    data = {
        split: [
            {"id": f"{split}{n}", "specialty": "a", "question": f"What of {n}?", "answer": answer}
            for n, answer in enumerate(answers_)
        ]
        for split, answers_ in gold.items()
    }
    found = [
        {
            "id": f"{split}{n}",
            "split": split,
            "raw": text,
            "value": text.strip() or None,
            "status": "ok" if text else "empty",
            "prompt_tokens": 3,
            "output_tokens": 5,
            "finish": "eos",
            "confidence": 0.5,
        }
        for split, members in texts.items()
        for n, text in enumerate(members)
    ]
    write_jsonl(tmp_path / "predictions.jsonl", found)
    files = written(tmp_path, predictions=[tmp_path / "predictions.jsonl"])
    own_names = {"validation": data["evaluation"], "test": data["holdout"]}
    scores, *_ = taken(tmp_path, "meerkat", "answers", files, {}, given=given_files(tmp_path, own_names))
    settings = {"stemmer": False, "wordnet": None, "terms": None, "bertscore": None, "custom": {}}
    own = score_meerkat(data, found, 1, metrics=settings)
    assert cells(scores.items, "ROUGE-L", "token_f1") == cells(own.items, "ROUGE-L", "token_f1")
    assert scores.metrics["splits"]["test"]["ROUGE-L"] == own.metrics["splits"]["holdout"]["overall"]["ROUGE-L"]


@pytest.mark.parametrize("reading", [True, False])
@pytest.mark.parametrize("kind", ["relations", "spans"])
def test_answers_of_relations_are_scored_as_there(tmp_path, kind, reading):
    data = made_rows(12)
    found = [
        {**row, "prompt_tokens": 9, "confidence": 0.5} for row in answers(data, task(tmp_path), errors=0.4, repeats=0.3)
    ]
    found[0] = {**found[0], "value": None, "status": "not_json"}
    write_jsonl(tmp_path / "predictions.jsonl", found)
    schema = schema_file(tmp_path)
    rules = {"deduplicate": reading, "drop_violations": reading}
    rows = [tmp_path / f"given_{split}.jsonl" for split in HELD]
    files = written(tmp_path, predictions=[tmp_path / "predictions.jsonl"], schema=[schema], rows=rows)
    options = {"entities": list(STUDY_SCHEMA.entities)}
    if kind == "relations":
        options["relations"] = {
            one.name: {
                "heads": sorted({head for head, _ in one.pairs}),
                "tails": sorted({tail for _, tail in one.pairs}),
                "symmetric": one.symmetric,
            }
            for one in STUDY_SCHEMA.relations
        }
    scores, _, training, answering = taken(
        tmp_path, "relations", kind, files, options, rules, given=given_files(tmp_path, data)
    )
    own = score_relations(data, found, 1, schema=schema, **rules)
    test, there = scores.metrics["splits"]["test"], own.metrics["splits"]["test"]
    if kind == "spans":
        assert test["strict_f1"] == there["entity_f1"]
        assert test["parse_rate"] == there["parse_rate"]
    else:
        columns = ("entity_tp", "entity_fp", "entity_fn", "relation_tp", "relation_fp", "relation_fn", "status")
        held = [item for item in own.items if item["split"] in HELD]
        assert cells(scores.items, *columns) == cells(held, *columns)
        assert 0 < test["relation_f1"]["value"] < 1
    assert training["examples"] == 2  # documents, of which one has two rows
    assert answering["documents"] == 36  # those with given entities, too


def test_entities_of_four_radgraph_models_are_combined_and_scored_as_there(tmp_path):
    corpora = {split: corpus_of(make_corpus({split: 6}, seed)[split], split) for seed, split in enumerate(HELD, 1)}
    given = {split: tmp_path / f"{split}.json" for split in HELD}
    for split, corpus in corpora.items():
        write_radgraph(given[split], corpus)
    files = {"metrics": [], "results": [], "record": [], "benchmark": []}
    for number, label in enumerate(LABELS):
        folder = tmp_path / label
        folder.mkdir()
        rows = {}
        for split, corpus in corpora.items():
            sentences = [sentence for report in corpus.reports for sentence in cut(report).sentences]
            parts = {"train": sentences, "validation": [], "test": sentences}
            rows[split] = make_rows(parts, label, "List.", 0, 0).rows["test"]
        found = [_radgraph_answer(row, split, label, number) for split in HELD for row in rows[split]]
        scores = score_radgraph(rows, found, 1, entity=label, reports=list(given.values()))
        write_json(folder / "metrics.json", scores.metrics)
        write_json(folder / "results.json", scores.files["results"])
        of_label = written(folder)
        files["metrics"].append(folder / "metrics.json")
        files["results"].append(folder / "results.json")
        files["record"] += of_label["record"]
        files["benchmark"] += of_label["benchmark"]
    files["train"] = [given["test"]]
    options = {"entities": list(LABELS)}
    scores, rows, training, answering = taken(tmp_path, "radgraph", "spans", files, options, given=given)
    each = zip(LABELS, files["metrics"], files["results"], strict=True)
    combined = combine_outcomes([read_run(RunFiles(label, "adapter", m, r)) for label, m, r in each], "test")
    figures, test = combined_figures(combined), scores.metrics["splits"]["test"]
    for name in ("strict_f1", "exact_f1", "partial_f1"):
        assert (test[name]["value"], test[name]["n"]) == (figures[name]["value"], 6)
    assert 0 < test["strict_f1"]["value"] < 1
    assert sum(len(report.unplaced) for report in combined) == sum(
        item["ungroundable"] for item in scores.items if item["split"] == "test"
    )
    assert any(report.unplaced for report in combined) and any(report.conflicts for report in combined)
    broken = sum(not report.parsed for report in combined)
    assert broken and broken == [row["status"] for row in rows if row["split"] == "test"].count("not_json")
    assert (training["train_seconds"], training["trainable_parameters"], training["examples"]) == (10, 400, 6)
    assert (answering["seconds"], answering["documents"]) == (18, 12)


def _radgraph_answer(row, split, label, number):
    """The gold answer; of every fourth sentence one with a value of another place, which all types claim."""
    output = row["output"]
    if (len(row["input"]) + number) % 4 == 0:
        word = row["input"].split()[0]
        values = [word, "effusion of the sentence before"]
        output = json.dumps(
            [{"entity_type": label, "entity_value": v, "start_position": 0, "end_position": 1} for v in values]
        )
    if len(row["input"]) % 11 == 0:
        output = "nothing"
    parser = RadGraphTask(label, "List.")
    parsed = parser.parse(output)
    return {
        "id": row["id"],
        "split": split,
        "raw": output,
        "value": parsed.value,
        "status": parsed.status,
        "output_tokens": 3,
        "part_confidences": [0.5 + 0.1 * number] * len(parser.parts(output)),
    }
