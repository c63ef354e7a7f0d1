import json
from collections import Counter
from dataclasses import replace

from medtune.files import sha256_of
from medtune.studies.yesno.generator import make_questions
from medtune.studies.yesno.prepare import NOT_DRAWN
from medtune.studies.yesno.questions import CONFLICTING, REPEATED
from medtune.studies.yesno.section import ChallengeQuestion
from tests.unit.yesno_data import CHALLENGE, SPLITS, pubmedqa, refusal, run


def test_rows_hold_the_text_that_is_trained_on_and_the_challenge_has_the_same_form(tmp_path):
    source = pubmedqa(tmp_path / "a.json", {"yes": 10, "no": 10, "maybe": 10})
    rows, _ = run(tmp_path / "out", {"labelled": source})
    row = next(row for row in rows["train"] if row["label"] == "Uncertain")
    number = row["id"].removeprefix("labelled/maybe")
    assert row == {
        "id": f"labelled/maybe{number}",
        "question": f"Does treatment {number} help maybe?",
        "label": "Uncertain",
        "rationale": f"It is maybe for {number}.",
        "source": "labelled",
        "text": f"Q: Does treatment {number} help maybe?\nA: Uncertain. Rationale: It is maybe for {number}.",
    }
    assert rows["challenge"] == [
        {
            "id": "challenge/01",
            "question": "Do statins prevent strokes?",
            "label": "Yes",
            "rationale": "Trials agree.",
            "source": "challenge",
            "text": "Q: Do statins prevent strokes?\nA: Yes. Rationale: Trials agree.",
        }
    ]


def test_every_record_read_is_in_a_split_or_among_the_drops(tmp_path):
    first = pubmedqa(tmp_path / "a.json", {"yes": 12, "no": 10, "maybe": 10})
    second = pubmedqa(tmp_path / "b.json", {"yes": 5, "no": 5, "maybe": 5})  # all of them twins
    third = pubmedqa(tmp_path / "c.json", {"no": 3}, text="Does treatment {} help yes?")  # twins with another label
    rows, manifest = run(tmp_path / "out", {"first": first, "second": second, "off": None, "third": third})
    assert {(drop["source"], drop["reason"]): drop["count"] for drop in manifest["dropped"]} == {
        ("second", REPEATED): 15,
        ("third", CONFLICTING): 3,
        ("first", NOT_DRAWN): 2,
    }
    read = sum(source["records"] for source in manifest["sources"])
    used = sum(len(rows[split]) for split in ("train", "validation", "test"))
    assert read == 32 + 15 + 3 == used + sum(drop["count"] for drop in manifest["dropped"])
    assert [source["name"] for source in manifest["sources"]] == ["first", "second", "third"]


def test_the_manifest_names_sources_hashes_and_the_leakage_check(tmp_path):
    source = pubmedqa(tmp_path / "a.json", {"yes": 10, "no": 10, "maybe": 10})
    _, manifest = run(tmp_path / "out", {"labelled": source, "made": {"format": "synthetic", "per_class": 5}})
    real, made = manifest["sources"]
    assert real == {
        "name": "labelled",
        "format": "pubmedqa_labeled",
        "path": str(tmp_path / "a.json"),
        "sha256": {"a.json": sha256_of(tmp_path / "a.json")},
        "licence": None,
        "records": 30,
    }
    assert made["path"] is None and made["records"] == 15
    assert manifest["files"] == {f"{split}.jsonl": sha256_of(tmp_path / f"out/{split}.jsonl") for split in SPLITS}
    assert manifest["leakage"]["twins"] == 0
    assert manifest["seed"] == 42


def test_the_license_of_pubmedqas_own_file_is_recorded(tmp_path, corpora):
    source = {"format": "pubmedqa_labeled", "path": str(corpora / "pubmedqa" / "ori_pqal.json")}
    _, manifest = run(tmp_path / "out", {"labelled": source})
    assert manifest["sources"][0]["licence"] == "MIT"


def test_the_same_seed_gives_the_same_files_and_another_gives_others(tmp_path):
    made = {"made": {"format": "synthetic", "per_class": 15}}
    one, two, other = (run(tmp_path / name, made, seed=seed)[1] for name, seed in (("1", 1), ("2", 1), ("3", 2)))
    assert one == two
    assert one["files"]["train.jsonl"] != other["files"]["train.jsonl"]


def test_synthetic_questions_at_the_study_size(tmp_path):
    rows, manifest = run(tmp_path, {"made": {"format": "synthetic", "per_class": 130}}, per_class=110)
    assert manifest["records"] == {"train": 264, "validation": 33, "test": 33, "challenge": 1}
    assert Counter(row["label"] for row in rows["test"]) == {"Yes": 11, "No": 11, "Uncertain": 11}
    ids = [row["id"] for members in rows.values() for row in members]
    assert len(set(ids)) == len(ids)


def test_a_missing_source_leaves_nothing_behind(tmp_path):
    source = {"format": "bioasq", "path": str(tmp_path / "none.json")}
    assert refusal(tmp_path, {"bioasq": source}) == (
        f"{tmp_path / 'none.json'}: no such file. BioASQ task B is at http://participants-area.bioasq.org/datasets/ "
        "(terms of BioASQ, after registration); set its path under yesno.data, or `format: synthetic` there"
    )


def test_an_empty_data_set_is_refused(tmp_path):
    source = pubmedqa(tmp_path / "a.json", {"yes": 4}, text="So?")
    assert refusal(tmp_path, {"a": source}) == (
        "the data set is empty: none of 4 records can be used (4 question shorter than 3 words)"
    )


def test_fewer_records_in_a_class_than_asked_are_refused(tmp_path):
    source = pubmedqa(tmp_path / "a.json", {"yes": 20, "no": 20, "maybe": 9})
    message = refusal(tmp_path, {"a": source})
    assert "10 per class" in message and "9 with label Uncertain" in message and "at most 9" in message


def test_a_challenge_question_among_the_data_is_named(tmp_path):
    source = pubmedqa(tmp_path / "a.json", {"yes": 10, "no": 10, "maybe": 10})
    twin = ChallengeQuestion(question="does treatment 3 help YES", expected="Yes")
    message = refusal(tmp_path, {"a": source}, challenge=[*CHALLENGE, twin])
    assert "does treatment 3 help YES" in message and "challenge" in message


def test_one_id_for_two_questions_is_refused(tmp_path):
    def record(body):
        return {"id": "7", "type": "yesno", "body": body, "exact_answer": "yes", "ideal_answer": "It is."}

    path = tmp_path / "b.json"
    path.write_text(json.dumps({"questions": [record("Is this so?"), record("Is that so?")]}))
    message = refusal(tmp_path, {"bioasq": {"format": "bioasq", "path": str(path)}})
    assert message == 'source "bioasq", record "7": 2 different questions have this id; ids must be unique'


def test_the_real_labelled_part_at_the_study_size(corpora, tmp_path):
    path = corpora / "pubmedqa/ori_pqal.json"
    source = {"format": "pubmedqa_labeled", "path": str(path)}
    rows, manifest = run(tmp_path, {"pubmedqa_labeled": source}, per_class=110)
    assert manifest["records"] == {"train": 264, "validation": 33, "test": 33, "challenge": 1}
    for split, count in (("train", 88), ("validation", 11), ("test", 11)):
        assert manifest["labels_by_split"][split] == {"Yes": count, "No": count, "Uncertain": count}
    assert manifest["sources"][0]["sha256"] == {"ori_pqal.json": sha256_of(path)}
    assert [(drop["reason"], drop["count"]) for drop in manifest["dropped"]] == [(NOT_DRAWN, 670)]
    assert all(row["text"].startswith("Q: ") and "\nA: " in row["text"] for row in rows["train"])


def test_what_is_held_out_is_counted_against_training_split_and_pretraining_documents(tmp_path):
    _, manifest = run(tmp_path, {"made": {"format": "synthetic", "per_class": 40}}, per_class=30)
    for split in ("validation", "test"):
        for read in ("training split", "pre-training text"):
            counted = manifest["held_out"][split][read]
            assert {name: count["shared"] for name, count in counted.items()} == dict.fromkeys(counted, 0)
            assert counted.keys() >= {"sentences", "templates", "term_pairs", "rationales"}
            assert all(count["held_out"] >= 5 for count in counted.values())


def test_what_is_shared_is_found(tmp_path, monkeypatch):
    from medtune.studies.yesno import prepare as module

    def from_the_wrong_part(count, seed, source, part):
        made = make_questions(count, f"{seed}/{part}", source, "training")
        return [replace(question, part=part, key=f"{part}/{question.key}") for question in made]

    monkeypatch.setattr(module, "make_questions", from_the_wrong_part)
    _, manifest = run(tmp_path, {"made": {"format": "synthetic", "per_class": 40}}, per_class=30)
    counted = manifest["held_out"]["test"]["training split"]
    assert counted["templates"]["shared"] > 0 and counted["term_pairs"]["shared"] > 0


def test_what_the_base_model_has_read_before_is_found(tmp_path, monkeypatch):
    sources = {"made": {"format": "synthetic", "per_class": 40}}
    rows, _ = run(tmp_path / "1", sources, per_class=30)
    read = [f"{row['question']} {row['rationale']}" for row in rows["test"]]
    monkeypatch.setattr("medtune.studies.yesno.prepare.pretraining_documents", lambda text, seed: read)
    _, manifest = run(tmp_path / "2", sources, per_class=30)
    counted = manifest["held_out"]["test"]["pre-training text"]
    assert all(count["shared"] == count["held_out"] > 0 for count in counted.values())


def test_of_real_questions_sentences_are_counted_and_what_a_published_model_read_is_not_known(tmp_path):
    source = pubmedqa(tmp_path / "a.json", {"yes": 10, "no": 10, "maybe": 10})
    _, manifest = run(tmp_path / "out", {"labelled": source}, pretraining=None)
    counted = manifest["held_out"]["test"]
    assert counted["pre-training text"] is None
    assert counted["training split"]["sentences"] == {"held_out": 3, "shared": 0, "examples": []}
    assert "term_pairs" not in counted["training split"]
