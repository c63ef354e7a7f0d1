import json

import pytest

from medtune.data.deduplication import normalise
from medtune.data.prompt_files import load_prompt
from medtune.errors import InputError
from medtune.files import read_json, read_jsonl, sha256_of
from medtune.studies.radgraph.generator import LEARNT, make_corpus
from medtune.studies.radgraph.prepare import REPEATED, SPLITS, check_reports, make_rows, patient_of, prepare
from medtune.studies.radgraph.reports import LABELS, Report, corpus_of, read_radgraph
from tests.conftest import ROOT
from tests.reports import make_reports
from tests.unit.test_radgraph_negatives import sentence

PROMPTS = {label: ROOT / f"config/prompts/radgraph/{label}/prompt.txt" for label in LABELS}
NEGATIVES = {"base": 0.5, "exponent": 1.0, "least": 0.25, "most": 3.0, "synthetic": 0.25}
SHARES = {"train": 0.6, "validation": 0.2, "test": 0.2}
MADE = {"format": "synthetic", "train": 60, "validation": 8, "test": 12}


def run(folder, source, seed=42, prompts=PROMPTS, labeler="labeler_1", negatives=NEGATIVES, **options):
    """Prepare into `folder`; gives rows by entity type and split, and the manifest."""
    files = {label: {split: folder / label / f"{split}.jsonl" for split in SPLITS} for label in LABELS}
    prepare(
        source=source,
        labeler=labeler,
        splits=SHARES,
        negatives=negatives,
        seed=seed,
        prompts=prompts,
        rows=files,
        reports={split: folder / f"reports_{split}.json" for split in SPLITS},
        manifest=folder / "manifest.json",
        **options,
    )
    rows = {label: {split: read_jsonl(path) for split, path in by.items()} for label, by in files.items()}
    return rows, read_json(folder / "manifest.json")


def refusal(folder, *arguments, **options) -> str:
    """The sentence of a preparation that must fail and leave nothing behind."""
    target = folder / "out"
    with pytest.raises(InputError) as caught:
        run(target, *arguments, **options)
    assert not target.exists()
    return str(caught.value)


def write(path, reports):
    path.write_text(json.dumps(reports))
    return str(path)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("radgraph")
    return folder, *run(folder, MADE)


def test_a_row_holds_instruction_input_and_output_with_offsets_in_the_sentence(tmp_path):
    text = "FINDINGS : The left lung is clear . No edema or edema ."
    entities = {
        "1": {"tokens": "left lung", "label": "ANAT-DP", "start_ix": 3, "end_ix": 4, "relations": []},
        "2": {"tokens": "clear", "label": "OBS-DP", "start_ix": 6, "end_ix": 6, "relations": []},
        "3": {"tokens": "edema", "label": "OBS-DA", "start_ix": 9, "end_ix": 9, "relations": []},
        "4": {"tokens": "edema", "label": "OBS-DA", "start_ix": 11, "end_ix": 11, "relations": []},
    }
    paths = {"train": write(tmp_path / "t.json", make_reports(10, seed=1)), "validation": None}
    paths["test"] = write(tmp_path / "x.json", {"a/b.txt": {"text": text, "entities": entities}})
    rows, _ = run(tmp_path / "out", {"format": "radgraph", **paths})
    first, second = rows["OBS-DA"]["test"]
    assert second == {
        "id": "a/b.txt#002",
        "report": "a/b.txt",
        "sentence_start": 36,
        "instruction": load_prompt(PROMPTS["OBS-DA"]),
        "input": "No edema or edema .",
        "output": '[{"entity_type":"OBS-DA","entity_value":"edema","start_position":3,"end_position":8},'
        '{"entity_type":"OBS-DA","entity_value":"edema","start_position":12,"end_position":17}]',
        "entities": [[3, 8, "edema"], [12, 17, "edema"]],
        "synthetic": False,
        "seen": False,
    }
    assert (first["input"], first["output"], first["entities"]) == ("The left lung is clear .", "[]", [])


def test_every_output_slices_to_its_sentence_and_every_sentence_to_its_report(prepared):
    folder, rows, _ = prepared
    texts = {split: read_json(folder / f"reports_{split}.json") for split in SPLITS}
    for label in LABELS:
        for split in SPLITS:
            for row in rows[label][split]:
                items = json.loads(row["output"])
                spans = [[item["start_position"], item["end_position"], item["entity_value"]] for item in items]
                assert spans == row["entities"] and spans == sorted(spans)
                assert all(row["input"][start:end] == text for start, end, text in spans)
                assert {item["entity_type"] for item in items} <= {label}
                if not row["synthetic"]:
                    text, start = texts[split][row["report"]]["text"], row["sentence_start"]
                    assert text[start : start + len(row["input"])] == row["input"]


def test_validation_and_test_hold_every_sentence_and_every_entity(prepared):
    folder, rows, manifest = prepared
    for split in SPLITS[1:]:
        ids = [[row["id"] for row in rows[label][split]] for label in LABELS]
        assert all(found == ids[0] for found in ids) and len(ids[0]) == manifest["records"][split]
        assert {row["report"] for row in rows["OBS-U"][split]} == set(read_json(folder / f"reports_{split}.json"))
        for label in LABELS:
            found = sum(len(row["entities"]) for row in rows[label][split])
            assert found == manifest["entities"][split][label]


def test_train_holds_all_positives_and_the_planned_negatives_and_ids_are_unique(prepared):
    _, rows, manifest = prepared
    for label in LABELS:
        counts, members = manifest["rows"][label]["train"], rows[label]["train"]
        assert sum(bool(row["entities"]) for row in members) == counts["positives"]
        negative = [row for row in members if not row["entities"]]
        assert len(negative) == manifest["negatives"]["wanted"][label]
        assert sum(row["synthetic"] for row in negative) == counts["synthetic_negatives"]
        assert sum(len(row["entities"]) for row in members) == manifest["entities"]["train"][label]
        assert len({row["id"] for row in members}) == len(members)
    ratios = {
        label: manifest["negatives"]["wanted"][label] / manifest["rows"][label]["train"]["positives"]
        for label in LABELS
    }
    assert ratios["ANAT-DP"] == pytest.approx(0.5, abs=0.01) and ratios["OBS-U"] > 0.75 < ratios["OBS-DA"]


def test_synthetic_rows_are_in_train_alone_and_twins_of_nothing_held_out(tmp_path):
    rows, manifest = run(tmp_path, MADE, negatives={"base": 3, "exponent": 0, "least": 0, "most": 9, "synthetic": 0})
    for label in LABELS:
        made = [row for row in rows[label]["train"] if row["synthetic"]]
        held_out = {normalise(row["input"]) for split in SPLITS[1:] for row in rows[label][split]}
        assert not any(row["synthetic"] for split in SPLITS[1:] for row in rows[label][split])
        assert not {normalise(row["input"]) for row in made} & held_out
        assert all(row["output"] == "[]" and row["sentence_start"] is None for row in made)
        assert manifest["rows"][label]["train"]["synthetic_negatives"] == len(made)
    assert sum(manifest["rows"][label]["train"]["synthetic_negatives"] for label in LABELS) > 100


def test_no_negative_is_made_that_stands_in_a_held_out_split():
    train = [
        sentence(f"No {finding} .", (finding, "OBS-DA"), number=n) for n, finding in enumerate(("edema", "effusion"))
    ]
    held_out = [sentence("Effusion .", ("Effusion", "OBS-DP"))]
    for others, made in (([], {"Edema .", "Effusion ."}), (held_out, {"Edema ."})):
        rows = make_rows({"train": train, "validation": [], "test": others}, "OBS-DA", "List.", 2, 1, synthetic=1.0)
        assert {row["input"] for row in rows.rows["train"]} - {item.text for item in train} == made


def test_the_share_of_repeated_sentences_is_measured_and_marked_and_none_is_left_out(prepared):
    _, rows, manifest = prepared
    for split in SPLITS[1:]:
        repeated = manifest["repeated_sentences"][split]["all"]
        seen = [row for row in rows["OBS-U"][split] if row["seen"]]
        assert (repeated["sentences"], repeated["also_in_train"]) == (len(rows["OBS-U"][split]), len(seen))
        assert repeated["share"] == 0  # synthetic reports are held out by construction


def test_sentences_that_stand_in_training_too_are_marked_and_stay(tmp_path):
    parts = make_corpus({"train": 20, "dev": 4, "test": 6}, seed=3)
    parts["test"]["again"] = {
        "text": next(iter(parts["train"].values()))["text"] + " End .",
        "entities": next(iter(parts["train"].values()))["entities"],
    }
    paths = {split: write(tmp_path / f"{split}.json", part) for split, part in zip(SPLITS, parts.values(), strict=True)}
    rows, manifest = run(tmp_path / "out", {"format": "radgraph", **paths})
    seen = [row for row in rows["OBS-U"]["test"] if row["seen"]]
    assert {row["report"] for row in seen} == {"again"} and len(seen) > 3
    assert manifest["repeated_sentences"]["test"]["all"]["also_in_train"] == len(seen)
    assert manifest["held_out"] is None  # counted for synthetic reports alone


def test_held_out_material_is_counted_in_training_and_pre_training_text(tmp_path, monkeypatch):
    _, manifest = run(tmp_path / "1", MADE)
    shared = manifest["held_out"]
    assert shared["pre-training text of the base model"] is None  # not known
    training = shared["training split"]
    assert {kind: found["shared"] for kind, found in training.items()} == dict.fromkeys(training, 0)
    assert min(found["held_out"] for found in training.values()) > 20
    sentence = next(iter(read_json(tmp_path / "1/reports_test.json").values()))["text"].split("FINDINGS : ")[1]
    monkeypatch.setattr("medtune.studies.radgraph.prepare.pretraining_documents", lambda text, seed: [sentence])
    _, manifest = run(tmp_path / "2", MADE, pretraining={"text": "reports", "seed": 0})
    read = manifest["held_out"]["pre-training text of the base model"]
    assert all(found["shared"] > 0 for found in read.values())


def test_held_out_material_in_the_training_reports_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr("medtune.studies.radgraph.generator.material_of", lambda part: LEARNT)
    shared = run(tmp_path, MADE)[1]["held_out"]["training split"]
    assert all(shared[kind]["shared"] > 0 for kind in ("templates", "term_pairs"))


def test_a_quarter_of_the_negatives_is_made_for_every_type_although_gold_ones_would_do(prepared):
    _, _, manifest = prepared
    for label in LABELS:
        counts, wanted = manifest["rows"][label]["train"], manifest["negatives"]["wanted"][label]
        assert counts["synthetic_negatives"] == round(0.25 * wanted) > 0
        assert counts["gold_negatives"] + counts["synthetic_negatives"] == wanted


def test_both_readers_of_the_test_part_are_kept_and_their_agreement_reported(prepared):
    folder, _, manifest = prepared
    agreement = manifest["readers"]["agreement"]
    assert list(agreement) == ["test"] and list(agreement["test"]) == ["all", *LABELS]
    figure = agreement["test"]["all"]
    assert 0.85 < figure["low"] <= figure["value"] <= figure["high"] <= 1 and figure["n"] == 12
    corpus = read_radgraph(folder / "reports_test.json")
    assert len(corpus.second) == 12 and len(read_radgraph(folder / "reports_train.json").second) == 0


def test_the_chosen_reader_is_the_gold_standard(prepared, tmp_path):
    _, first, _ = prepared
    second, manifest = run(tmp_path, MADE, labeler="labeler_2")
    assert manifest["readers"]["gold"] == "labeler_2"
    assert first["OBS-U"]["test"] != second["OBS-U"]["test"] and first["OBS-U"]["train"] == second["OBS-U"]["train"]
    corpus = read_radgraph(tmp_path / "reports_test.json", "labeler_2")
    assert sum(len(row["entities"]) for label in LABELS for row in second[label]["test"]) == sum(
        len({(e.span, e.label) for e in report.entities}) for report in corpus.reports
    )


def test_the_manifest_names_hashes_formula_and_what_is_not_a_sentence(prepared):
    folder, _, manifest = prepared
    assert manifest["files"]["OBS-U/train"] == sha256_of(folder / "OBS-U/train.jsonl")
    assert manifest["files"]["reports/test"] == sha256_of(folder / "reports_test.json")
    assert len(manifest["files"]) == 15
    assert manifest["prompts"]["OBS-U"] == sha256_of(PROMPTS["OBS-U"])
    assert "positives" in manifest["negatives"]["formula"] and manifest["negatives"]["base"] == 0.5
    assert manifest["segmentation"]["train"]["headings"] > 60
    assert manifest["leakage"]["twins"] == 0 and manifest["leakage"]["compared"] == {
        "train": 60,
        "validation": 8,
        "test": 12,
    }


def test_given_files_are_used_as_they_are(tmp_path):
    parts = make_corpus({"train": 20, "dev": 4, "test": 6}, seed=3)
    paths = {split: write(tmp_path / f"{split}.json", part) for split, part in zip(SPLITS, parts.values(), strict=True)}
    _, manifest = run(tmp_path / "out", {"format": "radgraph", **paths})
    assert manifest["reports"] == {"train": 20, "validation": 4, "test": 6}
    assert [source["path"] for source in manifest["sources"]] == list(paths.values())
    assert manifest["sources"][0]["sha256"] == {"train.json": sha256_of(paths["train"])}
    assert manifest["sources"][0]["licence"] is None
    _, licensed = run(tmp_path / "licensed", {"format": "radgraph", **paths, "license": "hospital only"})
    assert licensed["sources"][0]["licence"] == "hospital only"
    assert read_json(tmp_path / "out/reports_test.json") == parts["test"]


def test_a_single_file_is_split_by_report_and_patient_and_repeats_are_dropped(tmp_path):
    made = list(make_reports(40, seed=4).values())
    reports = {f"p10/p1000{number // 4:04d}/s{number}.txt": report for number, report in enumerate(made)}
    reports["p10/p20000000/s99.txt"] = made[0]
    paths = {"train": write(tmp_path / "all.json", reports), "validation": None, "test": None}
    _, manifest = run(tmp_path / "out", {"format": "radgraph", **paths})
    assert manifest["reports"] == {"train": 24, "validation": 8, "test": 8}
    assert [(drop["reason"], drop["examples"]) for drop in manifest["dropped"]] == [
        (REPEATED, ["p10/p20000000/s99.txt"])
    ]
    patients = [{name.split("/")[1] for name in read_json(tmp_path / f"out/reports_{split}.json")} for split in SPLITS]
    assert sum(map(len, patients)) == 10 == len(set.union(*patients))


def test_a_missing_validation_file_takes_its_share_of_the_training_file(tmp_path):
    parts = make_corpus({"train": 40, "test": 6}, seed=3)
    paths = {split: write(tmp_path / f"{split}.json", part) for split, part in parts.items()}
    _, manifest = run(tmp_path / "out", {"format": "radgraph", **paths, "validation": None})
    assert manifest["reports"] == {"train": 30, "validation": 10, "test": 6}


def test_patients_are_read_from_the_ids_of_both_corpora():
    def patient(identifier):
        return patient_of(Report(identifier, "Clear .", ()))

    assert patient("p18/p18004941/s50222121.txt") == "p18004941"
    assert patient("patient64541/study1.txt") == "patient64541"
    assert patient("p18/s5022.txt") == "p18/s5022.txt"


def test_a_report_in_two_splits_is_named(tmp_path):
    parts = make_corpus({"train": 20, "dev": 4, "test": 6}, seed=3)
    copied = next(iter(parts["train"].values()))
    parts["dev"]["copy"] = {**copied, "text": copied["text"].replace("FINDINGS", "Findings")}
    paths = {split: write(tmp_path / f"{split}.json", part) for split, part in zip(SPLITS, parts.values(), strict=True)}
    message = refusal(tmp_path, {"format": "radgraph", **paths})
    assert 'report "copy" of the validation split has the text of report "train/patient0001/study1.txt"' in message


def test_one_id_in_two_splits_is_named():
    one = corpus_of({"a": {"text": "Clear .", "entities": {}}}, "f").reports
    two = corpus_of({"a": {"text": "Normal .", "entities": {}}}, "f").reports
    with pytest.raises(InputError, match='report "a" of the test split has the id of report "a" of the train split'):
        check_reports({"train": one, "test": two})


def test_a_type_that_the_training_split_lacks_is_named(tmp_path):
    parts = make_corpus({"train": 20, "dev": 4, "test": 6}, seed=3)
    for report in parts["train"].values():
        report["entities"] = {
            name: {**entity, "relations": []}
            for name, entity in report["entities"].items()
            if entity["label"] != "OBS-U"
        }
    paths = {split: write(tmp_path / f"{split}.json", part) for split, part in zip(SPLITS, parts.values(), strict=True)}
    assert "no sentence of the training split has an entity OBS-U" in refusal(tmp_path, {"format": "radgraph", **paths})


def test_an_empty_prompt_is_refused(tmp_path):
    (tmp_path / "prompt.txt").write_text(" \n")
    message = refusal(tmp_path, MADE, prompts={**PROMPTS, "OBS-DA": tmp_path / "prompt.txt"})
    assert message == f"{tmp_path / 'prompt.txt'}: the prompt is empty; expected a paragraph that says what to list"


def test_a_missing_file_leaves_nothing_behind(tmp_path):
    message = refusal(tmp_path, {"format": "radgraph", "train": str(tmp_path / "none.json")})
    assert "none.json: no such file" in message and "PhysioNet" in message


def test_the_same_seed_gives_the_same_files_and_another_gives_others(tmp_path, prepared):
    _, _, first = prepared
    _, same = run(tmp_path / "1", MADE)
    _, other = run(tmp_path / "2", MADE, seed=7)
    assert first == same and first["files"]["OBS-U/train"] != other["files"]["OBS-U/train"]


def test_the_prompts_are_short_and_name_their_type():
    for label, path in PROMPTS.items():
        prompt = load_prompt(path)
        assert len(prompt.split()) <= 60 and f"entity_type {label}" in prompt and "\n" not in prompt
