import json

import datasets
import pytest

from medtune.data.deduplication import normalise
from medtune.errors import InputError
from medtune.files import read_json, read_jsonl, sha256_of, write_json, write_jsonl
from medtune.studies.meerkat.generator import HARD
from medtune.studies.meerkat.prepare import COLUMNS, PRETRAINING, RECORDS, FrozenFiles, IterationFiles, grow, prepare
from medtune.studies.meerkat.progressive_splits import SplitRule
from medtune.studies.meerkat.recommendations import TrainingRecommendations, write_recommendations

MADE = {"format": "synthetic", "records": 40}
READ = {"text": "general", "seed": 42}


def read_set(folder):
    return datasets.load_from_disk(folder).to_list()


def frozen_files(folder):
    return FrozenFiles(
        holdout_dataset=folder / "datasets/holdout_dataset",
        eval_dataset=folder / "datasets/eval_dataset",
        holdout=folder / "data/holdout.jsonl",
        evaluation=folder / "data/evaluation.jsonl",
        growth=folder / "data/growth.jsonl",
        manifest=folder / "data/manifest.json",
    )


def iteration_files(folder, iteration):
    folder = folder / f"iteration{iteration}"
    return IterationFiles(
        train_dataset=folder / "train_dataset",
        eval_pool_dataset=folder / "eval_pool_dataset",
        train=folder / "train.jsonl",
        stats=folder / "dataset_stats.json",
    )


def recommend(folder, iteration, shares):
    path = folder / f"iteration{iteration}/training_recommendations.json"
    write_recommendations(
        path,
        TrainingRecommendations(low_performance_specialties=sorted(shares), recommended_sample_increases=shares),
    )
    return path


def grown(folder, iteration, shares, by_hand=None):
    """Grow an iteration from the recommendations of the one before."""
    files = iteration_files(folder, iteration)
    grow(
        iteration,
        by_hand or {},
        frozen_files(folder),
        files,
        iteration_files(folder, iteration - 1).stats,
        recommend(folder, iteration - 1, shares),
    )
    return files


@pytest.fixture
def made(tmp_path):
    prepare(MADE, SplitRule(), 42, frozen_files(tmp_path))
    grow(1, {}, frozen_files(tmp_path), iteration_files(tmp_path, 1))
    return tmp_path


def held_out_counts(folder, source=MADE, pretraining=READ):
    prepare(source, SplitRule(), 42, frozen_files(folder), pretraining=pretraining)
    return read_json(frozen_files(folder).manifest)["held_out"]


def test_nothing_held_out_stands_in_the_pretraining_text(tmp_path):
    for counts in held_out_counts(tmp_path).values():
        found = counts[PRETRAINING]
        assert {kind: count["shared"] for kind, count in found.items()} == dict.fromkeys(found, 0)
        assert found.keys() == {"question_sentences", "answer_sentences", "question_templates", "answer_templates"}
        assert all(count["held_out"] >= 4 for count in found.values())


def test_templates_that_records_for_training_share_by_design_are_counted(tmp_path):
    for counts in held_out_counts(tmp_path).values():
        found = {kind: (count["shared"], count["held_out"]) for kind, count in counts[RECORDS].items()}
        assert found["question_sentences"][0] == found["answer_sentences"][0] == 0
        assert found["question_templates"] == (4, 4)
        assert found["answer_templates"][0] > 0


def test_a_held_out_answer_in_the_pretraining_text_is_counted(tmp_path, monkeypatch):
    prepare(MADE, SplitRule(), 42, frozen_files(tmp_path / "first"))
    answer = read_jsonl(frozen_files(tmp_path / "first").holdout)[0]["answer"]
    monkeypatch.setattr(f"{prepare.__module__}.pretraining_documents", lambda text, seed: ["A cough.", answer])
    counts = held_out_counts(tmp_path / "second")["holdout"][PRETRAINING]
    assert counts["answer_sentences"]["shared"] == counts["answer_templates"]["shared"] == 1


def test_of_real_questions_sentences_alone_are_counted(tmp_path):
    (tmp_path / "in").mkdir()
    write_json(tmp_path / "in/dataset_with_answers_a.json", {f"Why {n}?": "It is so." for n in range(20)})
    counts = held_out_counts(tmp_path / "out", {"format": "files", "path": str(tmp_path / "in")}, None)["holdout"]
    assert counts[PRETRAINING] is None
    assert counts[RECORDS]["answer_sentences"] == {"held_out": 1, "shared": 1, "examples": ["it is so"]}
    assert "answer_templates" not in counts[RECORDS]


def test_the_sets_open_as_data_sets_and_hold_the_rows_of_the_json_lines(made):
    frozen, first = frozen_files(made), iteration_files(made, 1)
    for folder, rows in (
        (frozen.holdout_dataset, frozen.holdout),
        (frozen.eval_dataset, frozen.evaluation),
        (first.train_dataset, first.train),
    ):
        assert datasets.load_from_disk(folder).column_names == list(COLUMNS)
        assert read_set(folder) == read_jsonl(rows)
    together = [*read_set(first.train_dataset), *read_set(first.eval_pool_dataset)]
    assert sorted(row["id"] for row in together) == sorted(row["id"] for row in read_jsonl(frozen.growth))


def test_the_manifest_counts_what_was_read_split_and_made_hard(made):
    manifest = read_json(frozen_files(made).manifest)
    assert manifest["specialties"]["infectious_diseases"] | {"answer_words": None} == {
        "read": 40,
        "distinct": 40,
        "holdout": 10,
        "evaluation": 3,
        "growth": 27,
        "answer_words": None,
    }
    assert manifest["records"]["holdout"] == 60
    assert manifest["made_hard"] == list(HARD)
    assert (manifest["dropped"], manifest["left_out"], manifest["without_evaluation"]) == ([], [], [])
    assert manifest["leakage"]["questions"]["twins"] == 0
    found = manifest["leakage"]["near_twins"]["holdout"]
    assert found["answers"] == 60
    # Easy specialties say the same of a condition in another group: most of their answers have near twins.
    assert found["near_twins"] == len(found["ids"]) > 0
    assert {twin["of"] for twin in found["ids"].values()} <= {
        row["id"] for row in read_jsonl(frozen_files(made).growth)
    }
    assert manifest["files"]["holdout.jsonl"] == sha256_of(frozen_files(made).holdout)


def test_the_statistics_tell_samples_shares_and_reasons(made):
    grown(made, 2, {"neurology": 0.8, "cardiology": 0.9}, {"cardiology": 0.6})
    stats = read_json(iteration_files(made, 2).stats)
    assert (stats["iteration"], stats["holdout_samples_per_specialty"]) == (2, 10)
    assert (stats["initial_train_percentage"], stats["eval_split_size"]) == (0.5, 0.2)
    # 56 records, 46 beside the holdout: 23 at first, 5 of them for evaluation; 0.8 of 46 are 37
    assert stats["specialties"]["neurology"] == {
        "holdout": 10,
        "train": 32,
        "eval": 5,
        "pool": 9,
        "train_percentage": 0.8,
        "reason": "recommended",
    }
    assert stats["specialties"]["cardiology"]["reason"] == "adjusted by hand"
    assert stats["specialties"]["cardiology"]["train_percentage"] == 0.6
    assert stats["specialties"]["rheumatology"]["reason"] == "kept"
    assert stats["total"]["train"] == len(read_jsonl(iteration_files(made, 2).train))


def test_five_iterations_leave_holdout_and_evaluation_as_they_are_and_never_train_on_them(made):
    frozen = frozen_files(made)
    held = [*read_set(frozen.holdout_dataset), *read_set(frozen.eval_dataset)]
    forbidden = {normalise(row["question"]) for row in held}
    before = {path: path.read_bytes() for folder in ("datasets", "data") for path in (made / folder).rglob("*.*")}
    size = 0
    for iteration in range(1, 6):
        if iteration > 1:
            grown(made, iteration, dict.fromkeys(HARD, 0.5 + 0.125 * (iteration - 1)))
        training = read_set(iteration_files(made, iteration).train_dataset)
        assert not forbidden & {normalise(row["question"]) for row in training}
        assert len(training) > size
        size = len(training)
    assert {path: path.read_bytes() for path in before} == before
    pool = read_set(iteration_files(made, 5).eval_pool_dataset)
    assert not {row["specialty"] for row in pool} & set(HARD)


def test_the_files_are_the_same_for_the_same_seed_whatever_the_order_of_the_records(tmp_path):
    pairs = [(f"What is condition {number}?", f"It is number {number}.") for number in range(40)]
    written = []
    for name, order in (("one", pairs), ("two", pairs[::-1])):
        folder = tmp_path / name
        (folder / "in").mkdir(parents=True)
        write_json(folder / "in/dataset_with_answers_a.json", dict(order))
        prepare({"format": "files", "path": str(folder / "in")}, SplitRule(), 1, frozen_files(folder))
        written.append([read_jsonl(folder / f"data/{split}.jsonl") for split in ("holdout", "evaluation", "growth")])
    assert written[0] == written[1]


def test_repeats_and_specialties_that_are_too_small_are_counted_with_reasons(tmp_path):
    (tmp_path / "in").mkdir()
    for name, count in (("large", 40), ("small", 13), ("tiny", 12)):
        records = [{"question": f"What is {name} {n}?", "answer": f"It is {name} {n}."} for n in range(count)]
        if name == "tiny":
            records[10:] = [
                {"question": "what is TINY 1", "answer": "x"},
                {"question": "What is tiny 2", "answer": "It is tiny 2"},
            ]
        write_json(tmp_path / f"in/dataset_with_answers_{name}.json", records)
    prepare({"format": "files", "path": str(tmp_path / "in")}, SplitRule(), 1, frozen_files(tmp_path))
    manifest = read_json(frozen_files(tmp_path).manifest)
    assert list(manifest["specialties"]) == ["large", "small"]
    assert manifest["left_out"] == ["tiny"]
    assert {(item["source"], item["reason"], item["count"]) for item in manifest["dropped"]} == {
        ("tiny", "repeated question", 2),
        ("tiny", "specialty left out: no record would remain beside the holdout", 10),
    }
    assert len(manifest["sources"][0]["sha256"]) == 3
    grow(1, {}, frozen_files(tmp_path), iteration_files(tmp_path, 1))
    assert read_json(iteration_files(tmp_path, 1).stats)["left_out"] == ["tiny"]


def test_bad_input_leaves_nothing_behind(tmp_path):
    (tmp_path / "in").mkdir()
    write_json(tmp_path / "in/dataset_with_answers_a.json", {"Why?": "So."})
    with pytest.raises(InputError, match="1 records are too few; expected at least 11"):
        prepare({"format": "files", "path": str(tmp_path / "in")}, SplitRule(), 1, frozen_files(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_a_held_out_question_that_found_its_way_into_the_growth_is_refused(made):
    frozen = frozen_files(made)
    stolen = read_jsonl(frozen.holdout)[0]
    write_jsonl(frozen.growth, [*read_jsonl(frozen.growth), {**stolen, "question": stolen["question"].upper()}])
    with pytest.raises(InputError, match=r"stands in two splits, holdout and (training|pool)"):
        grow(1, {}, frozen, iteration_files(made, 3))


def test_an_unknown_specialty_in_recommendations_or_adjustments_is_refused(made):
    with pytest.raises(InputError, match='training recommendations: unknown specialty "neurologie"; did you mean'):
        grown(made, 2, {"neurologie": 0.8})
    with pytest.raises(InputError, match=r'specialty_adjustments: unknown specialty "\.\./x"'):
        grown(made, 2, {}, {"../x": 0.8})


def test_the_real_specialties_are_prepared(corpora, tmp_path):
    source = {"format": "files", "path": str(corpora / "medquad_specialties")}
    prepare(source, SplitRule(), 42, frozen_files(tmp_path))
    grow(1, {}, frozen_files(tmp_path), iteration_files(tmp_path, 1))
    stats = read_json(iteration_files(tmp_path, 1).stats)
    assert len(stats["specialties"]) == 9
    assert stats["total"]["holdout"] == 90
    assert all(found["eval"] and found["train"] and found["pool"] for found in stats["specialties"].values())
    assert json.loads(read_jsonl(frozen_files(tmp_path).holdout)[0]["extra"]) == {}
