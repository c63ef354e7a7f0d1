"""The data of the relations study: splits, rows of each variant, what is left out, and what is refused."""

import json
import os
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from medtune.config import MadeModel
from medtune.config_check import load_config
from medtune.data.related import Relation
from medtune.data.relation_schema import STUDY_SCHEMA
from medtune.errors import InputError
from medtune.files import read_json, read_jsonl, write_json, write_jsonl
from medtune.kinds.relations.output import write_output
from medtune.stages.train_adapter import Job
from medtune.stages.train_adapter import prepare as prepare_job
from medtune.studies.relations.label_map import BIORED_PROXY, map_schema
from medtune.studies.relations.prepare import HeldOutFiles, TrainingFiles, prepare, prepare_training
from medtune.studies.relations.rows import document_of, gold_given, read_rows, row_of
from medtune.studies.relations.schema_file import read_schema
from medtune.studies.relations.template import RelationsTask
from tests.conftest import ROOT
from tests.unit.tiny_model import build_untrained

SYNTHETIC = {"format": "synthetic", "train": 60, "validation": 12, "test": 15, "without_relations": 0.2}
SHARES = {"train": 0.8, "validation": 0.1, "test": 0.1}
PLAIN = {"mix": None, "without_relations": 0.0, "two_steps": False, "longest_answer": None}
JSON_FILES = ("manifest", "schema", "known", "diversity")


def held_out_files(folder):
    names = [field.name for field in fields(HeldOutFiles)]
    return HeldOutFiles(**{name: folder / f"{name}.{'json' if name in JSON_FILES else 'jsonl'}" for name in names})


def prepared(folder, source=SYNTHETIC, mix=None, seed=13):
    files = held_out_files(folder)
    prepare(source=source, splits=SHARES, mix=mix, without_relations=0.0, seed=seed, files=files)
    return files


def trained_on(files, folder, source=SYNTHETIC, seed=13, **settings):
    """Rows for training and for the loss of a variant, and its record."""
    target = TrainingFiles(folder / "train.jsonl", folder / "loss.jsonl", folder / "train.json")
    prepare_training(
        source=source,
        splits=SHARES,
        seed=seed,
        held_out={"validation": files.validation, "test": files.test},
        schema=files.schema,
        files=target,
        **{**PLAIN, **settings},
    )
    return read_rows(target.train), read_rows(target.validation), read_json(target.record)


def documents(path):
    return [document_of(row) for row in read_rows(path)]


def abstract(number, text, *annotations):
    """A document in the PubTator format. annotations: (value, type, concept), or (relation, concept, concept)."""
    title = f"{text}."
    lines = [f"{number}|t|{title}", f"{number}|a|Abstract {number}."]
    for first, second, third in annotations:
        if first in title:
            start = title.index(first)
            lines.append(f"{number}\t{start}\t{start + len(first)}\t{first}\t{second}\t{third}")
        else:
            lines.append(f"{number}\t{first}\t{second}\t{third}\tNo")
    return "\n".join(lines) + "\n\n"


ENDS = (("Aspirin", "ChemicalEntity", "D1"), ("gout", "DiseaseOrPhenotypicFeature", "D2"))
TREATS = (*ENDS, ("Negative_Correlation", "D2", "D1"))
CAUSES = (*ENDS, ("Positive_Correlation", "D1", "D2"))


@pytest.fixture
def pubtator(tmp_path):
    """A source of PubTator files. Documents are (number, text, annotations), by split."""

    def make(labels="biored_proxy", **splits):
        source = {"format": "biored", "validation": None, "test": None, "labels": labels}
        for split, members in splits.items():
            path = tmp_path / f"{split}.PubTator"
            path.write_text("".join(abstract(number, text, *found) for number, text, found in members))
            source[split] = str(path)
        return source

    return make


def three(pubtator, labels="biored_proxy"):
    return pubtator(
        labels,
        train=[(1, "Aspirin against gout", TREATS), (2, "Aspirin with gout", CAUSES), (3, "Nothing", ())],
        validation=[(4, "Aspirin after gout", TREATS)],
        test=[(5, "Aspirin before gout", CAUSES)],
    )


def test_held_out_rows_are_of_all_steps_and_of_the_same_documents(tmp_path):
    files = prepared(tmp_path)
    validation, test = documents(files.validation), documents(files.test)
    assert (len(validation), len(test)) == (12, 15)
    assert read_rows(files.test) == [row_of(document) for document in test]
    assert read_rows(files.given) == [row_of(d, "joint", gold_given(d, "joint")) for d in test]
    assert read_rows(files.second_given) == [row_of(d, "relations", gold_given(d, "relations")) for d in test]
    assert read_rows(files.first_validation) == [row_of(document, "entities") for document in validation]
    assert read_rows(files.first_test) == [row_of(document, "entities") for document in test]
    assert read_schema(files.schema) == STUDY_SCHEMA


def test_the_same_seed_gives_the_same_files_and_another_one_others(tmp_path):
    one, again, other = (prepared(tmp_path / name, seed=seed) for name, seed in (("a", 1), ("b", 1), ("c", 2)))
    for field in fields(HeldOutFiles):
        assert getattr(one, field.name).read_bytes() == getattr(again, field.name).read_bytes()
    assert one.test.read_bytes() != other.test.read_bytes()


def test_the_share_without_relations_is_fixed_for_held_out_documents_and_chosen_for_training(tmp_path):
    files = prepared(tmp_path)
    manifest = read_json(files.manifest)
    assert {split: found["without_relations"] for split, found in manifest["documents"].items()} == {
        "train": 0,
        "validation": 2,
        "test": 3,
    }
    for share, count in ((0.0, 0), (0.25, 15)):
        rows, _, record = trained_on(files, tmp_path, without_relations=share)
        assert sum(not row["relations"] for row in rows) == record["documents"]["without_relations"] == count


def test_the_manifest_tells_what_was_checked_and_the_diversity(tmp_path):
    files = prepared(tmp_path)
    manifest, diversity = read_json(files.manifest), read_json(files.diversity)
    assert manifest["leakage"]["twins"] == manifest["leakage"]["shared_templates"] == diversity["shared_templates"] == 0
    assert manifest["leakage"]["compared"] == {"train": 60, "validation": 12, "test": 15}
    assert set(manifest["files"]) == {field.name for field in fields(HeldOutFiles)} - set(JSON_FILES)
    found = manifest["documents"]["test"]
    assert found["entities"]["all"] == sum(len(document.entities) for document in documents(files.test))
    assert found["relations"]["all"] == sum(len(document.relations) for document in documents(files.test))
    assert found["answer_characters"]["longest"] == max(len(write_output(d)) for d in documents(files.test))
    assert {split: found["documents"] for split, found in diversity["splits"].items()} == {
        "train": 60,
        "validation": 12,
        "test": 15,
    }


def test_in_two_steps_each_document_has_two_rows_for_training_and_for_the_loss(tmp_path):
    files = prepared(tmp_path)
    rows, loss, record = trained_on(files, tmp_path, two_steps=True)
    assert [row["step"] for row in rows] == ["entities", "relations"] * 60
    assert [row["step"] for row in loss] == ["entities", "relations"] * 12
    assert (record["rows"], record["documents"]["documents"]) == (120, 60)
    plain, _, _ = trained_on(files, tmp_path)
    assert [document_of(row) for row in rows[::2]] == [document_of(row) for row in plain]


def test_training_documents_with_too_long_an_answer_are_left_out_and_counted_and_test_documents_stay(tmp_path):
    files = prepared(tmp_path)
    rows, loss, record = trained_on(files, tmp_path, longest_answer=250)
    assert max(len(write_output(document_of(row))) for row in [*rows, *loss]) <= 250
    assert record["too_long"] == {"train": 60 - len(rows), "mixed in": 0, "validation": 12 - len(loss)}
    assert 0 < len(rows) < 60 and 0 < len(loss) < 12
    assert len(read_rows(files.test)) == 15
    with pytest.raises(InputError, match=r"no training document with a relation is left \(60 documents, 60 of them"):
        trained_on(files, tmp_path, longest_answer=10)


def test_mapped_documents_come_with_the_names_and_pairs_of_the_map(tmp_path, pubtator):
    files = prepared(tmp_path, three(pubtator))
    (document,) = documents(files.validation)
    assert document.relations == (Relation("treats", "D1", "D2"),)
    assert [entity.label for entity in document.entities] == ["Drug", "Disease"]
    assert read_schema(files.schema) == map_schema(BIORED_PROXY, STUDY_SCHEMA)
    manifest = read_json(files.manifest)
    assert manifest["labels"] == {"documents": {"name": "BioRED (proxy)", "caption": BIORED_PROXY.caption}}
    assert {split: found["documents"] for split, found in manifest["documents"].items()} == {
        "train": 3,
        "validation": 1,
        "test": 1,
    }


def test_a_corpus_in_its_own_labels_has_the_schema_of_what_occurs(tmp_path, pubtator):
    files = prepared(tmp_path, three(pubtator, "own"))
    schema = read_schema(files.schema)
    assert schema.entities == ("ChemicalEntity", "DiseaseOrPhenotypicFeature")
    assert {relation.name for relation in schema.relations} == {"Negative_Correlation", "Positive_Correlation"}
    assert schema.symmetric == {"Negative_Correlation", "Positive_Correlation"}
    assert read_json(files.manifest)["labels"] == {}


def test_splits_without_a_file_are_taken_out_of_the_training_file_without_its_repeats(tmp_path, pubtator):
    members = [(n, f"Aspirin {n} of gout", TREATS) for n in range(20)]
    source = pubtator(train=[*members, (99, "Aspirin 3 of gout", CAUSES)])
    (tmp_path / "train.PubTator").write_text(
        (tmp_path / "train.PubTator").read_text().replace("Abstract 99.", "Abstract 3.")
    )
    files = prepared(tmp_path, source)
    rows, _, record = trained_on(files, tmp_path, source)
    parts = [{document.id for document in documents(path)} for path in (files.validation, files.test)]
    parts.append({row["id"] for row in rows})
    assert [len(part) for part in parts] == [2, 2, 16]
    assert set.union(*parts) == {str(n) for n in range(20)}
    assert record["dropped"] == read_json(files.manifest)["dropped"]
    assert record["dropped"][0] == {
        "source": "relations/train",
        "reason": "repeated document",
        "count": 1,
        "examples": ["99"],
    }


def test_a_mixed_in_corpus_adds_its_training_documents_under_ids_of_their_own(tmp_path, pubtator):
    mix = pubtator(train=[(1, "Aspirin against gout", CAUSES), (2, "Nothing", ())])
    files = prepared(tmp_path, mix=mix)
    assert read_schema(files.schema).allows("causes", "Drug", "Disease")
    plain, _, _ = trained_on(files, tmp_path)
    rows, loss, record = trained_on(files, tmp_path, mix=mix)
    assert rows[:60] == plain and [row["id"] for row in rows[60:]] == ["biored/1", "biored/2"]
    assert rows[60]["relations"] == [{"type": "causes", "head": "D1", "tail": "D2"}]
    assert len(loss) == 12
    assert record["mixed_in"] == 2
    assert [source["name"] for source in record["sources"]] == ["synthetic/train", "biored/train"]
    assert set(read_json(files.manifest)["labels"]) == {"mix"}


def test_a_mixed_in_document_that_stands_in_the_test_split_stops_the_work(tmp_path, pubtator):
    files = prepared(tmp_path)
    held = documents(files.test)[0]
    mix = pubtator(train=[(1, "Aspirin against gout", TREATS)])
    twin = row_of(held) | {"text": "Aspirin: against GOUT. Abstract 1!", "entities": [], "relations": []}
    write_jsonl(files.test, [twin])
    with pytest.raises(
        InputError, match=r'the document "Aspirin: against GOUT\..*" stands in two splits, train and test'
    ):
        trained_on(files, tmp_path, mix=mix)
    assert not (tmp_path / "train.jsonl").exists()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"test": [(1, "Aspirin before gout", CAUSES)]}, 'the id "1" occurs more than once'),
        ({"train": [(1, "Aspirin and gout", ENDS)]}, "the training split has no relation"),
        ({"test": [(5, "Aspirin", (("Aspirin", "Tree", "D1"),))]}, 'does not name the entity type "Tree"'),
    ],
)
def test_faulty_documents_stop_the_work_before_anything_is_written(tmp_path, pubtator, changes, told):
    splits = {
        "train": [(1, "Aspirin against gout", TREATS)],
        "validation": [(4, "Aspirin after gout", TREATS)],
        "test": [(5, "Aspirin before gout", CAUSES)],
    }
    with pytest.raises(InputError, match=told):
        prepared(tmp_path / "out", pubtator(**{**splits, **changes}))
    assert not (tmp_path / "out").exists()


def test_a_text_in_two_files_stops_the_work(tmp_path, pubtator):
    source = three(pubtator)
    path = tmp_path / "test.PubTator"
    path.write_text("5|t|Aspirin AGAINST gout.\n5|a|Abstract 1.\n")
    with pytest.raises(
        InputError, match=r'the document "Aspirin AGAINST gout\. .* stands in two splits, train and test'
    ):
        prepared(tmp_path / "out", source)


def test_a_source_without_training_file_is_told(tmp_path, pubtator):
    with pytest.raises(InputError, match="no training file; set `train`"):
        prepared(tmp_path, pubtator(test=[(5, "Aspirin before gout", CAUSES)]))


def test_a_label_map_file_is_read_and_what_it_does_not_name_is_told(tmp_path, pubtator):
    path = tmp_path / "map.json"
    content = {
        "name": "Mine",
        "entities": {"ChemicalEntity": "Drug", "DiseaseOrPhenotypicFeature": "Disease"},
        "relations": {"Negative_Correlation": [{"type": "prevents", "head": "Drug", "tail": "Disease"}]},
        "undirected": True,
    }
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match='label map "Mine": does not name the relation type "Positive_Correlation"'):
        prepared(tmp_path, three(pubtator, str(path)))
    content["relations"]["Positive_Correlation"] = None
    path.write_text(json.dumps(content))
    files = prepared(tmp_path, three(pubtator, str(path)))
    assert documents(files.validation)[0].relations == (Relation("prevents", "D1", "D2"),)
    assert read_json(files.manifest)["left_out"]["train"]["relation type Positive_Correlation"] == 1


def test_folders_of_brat_and_chemprot_are_read(tmp_path):
    brat, chemprot = tmp_path / "brat", tmp_path / "chemprot"
    brat.mkdir()
    chemprot.mkdir()
    for number in range(10):
        (brat / f"{number}.txt").write_text(f"aspirin for gout {number}")
        (brat / f"{number}.ann").write_text(
            "T1\tDrug 0 7\taspirin\nT2\tDisease 12 16\tgout\nR1\tTREAT Arg1:T1 Arg2:T2\n"
        )
    tables = {
        "abstracts": "".join(f"{n}\tAspirin {n}\tinhibits COX\n" for n in range(10)),
        "entities": "".join(f"{n}\tT1\tCHEMICAL\t0\t7\tAspirin\n{n}\tT2\tGENE-Y\t19\t22\tCOX\n" for n in range(10)),
        "relations": "".join(f"{n}\tCPR:4\tY \tINHIBITOR\tArg1:T1\tArg2:T2\n" for n in range(10)),
    }
    for name, table in tables.items():
        (chemprot / f"all_{name}.tsv").write_text(table)
    for name, folder, kind in (("brat", brat, "TREAT"), ("chemprot", chemprot, "CPR:4")):
        source = {"format": name, "train": str(folder), "validation": None, "test": None, "labels": "own"}
        files = prepared(tmp_path / f"{name} out", source)
        assert [len(documents(path)) for path in (files.validation, files.test)] == [1, 1]
        assert documents(files.test)[0].relations == (Relation(kind, 0, 1),)
        manifest = read_json(files.manifest)
        assert set(manifest["sources"][0]["sha256"]) == {file.name for file in folder.iterdir()}


@pytest.fixture(scope="module")
def biored(corpora):
    folder = corpora / "biored"
    source = {"format": "biored", "train": str(folder / "Train.PubTator"), "validation": str(folder / "Dev.PubTator")}
    return {**source, "test": None}


def test_biored_keeps_all_entities_and_relations_in_its_own_labels(tmp_path, biored):
    files = prepared(tmp_path, {**biored, "labels": "own"})
    found = read_json(files.manifest)["documents"]
    counts = {split: tuple(found[split][kind]["all"] for kind in ("entities", "relations")) for split in found}
    assert counts["validation"] == (3533, 1162)
    assert tuple(map(sum, zip(counts["train"], counts["test"], strict=True))) == (13351, 4178)


@pytest.mark.parametrize("labels", ["own", "biored_proxy"])
def test_answers_to_biored_are_read_back_as_they_were_written(tmp_path, biored, labels):
    files = prepared(tmp_path, {**biored, "labels": labels})
    task = RelationsTask(ROOT / "config" / "prompts" / "relations_biored")
    for row in read_rows(files.validation):
        parsed = task.parse(task.completion(row))
        assert (parsed.status, parsed.value) == ("ok", json.loads(write_output(document_of(row))))


def test_the_proxy_keeps_the_correlations_of_chemicals_and_diseases(tmp_path, biored):
    files = prepared(tmp_path, {**biored, "labels": "biored_proxy"})
    found = read_json(files.manifest)["documents"]
    counts = {
        kind: found["train"]["relations"].get(kind, 0) + found["test"]["relations"].get(kind, 0)
        for kind in ("treats", "causes", "interacts_with")
    }
    assert counts == {"treats": 297, "causes": 410, "interacts_with": 11}


class Files(dict):
    """Named inputs, outputs or params, by key and as attributes."""

    __getattr__ = dict.__getitem__


CALL = """
import json, runpy, sys
from tests.unit.test_relations_prepare import Files
from types import SimpleNamespace
members = {name: Files(value) for name, value in json.loads(sys.argv[2]).items()}
runpy.run_path(sys.argv[1], {"snakemake": SimpleNamespace(log=[], threads=1, **members)}, "__main__")
"""


def script(name, **members):
    """Run a script of the workflow as Snakemake does, in a process of its own: it sets up logging."""
    folder = ROOT / "workflow" / "scripts"
    subprocess.run(
        [sys.executable, "-c", CALL, str(folder / name), json.dumps(members)],
        env={**os.environ, "PYTHONPATH": f"{folder}:{ROOT}"},
        check=True,
    )


def test_the_scripts_lead_from_the_source_to_the_rows_and_predictions_of_two_steps(tmp_path):
    files = held_out_files(tmp_path)
    paths = Files({name: str(path) for name, path in vars(files).items()})
    shared = {"source": SYNTHETIC, "splits": SHARES, "mix": None, "without_relations": 0.0}
    script("prepare_relations.py", input={}, output=paths, params=Files(settings=shared, seed=13))
    rows = Files(
        train=str(tmp_path / "train.jsonl"), validation=str(tmp_path / "loss.jsonl"), record=str(tmp_path / "t")
    )
    script(
        "prepare_relations_training.py",
        input=paths,
        output=rows,
        params=Files(settings={**shared, "two_steps": True, "longest_answer": None}, seed=13),
    )
    assert len(read_rows(rows.train)) == 120

    task = RelationsTask(ROOT / "config" / "prompts" / "relations", two_steps=True)

    def answered(path, split, target):
        numbers = {"prompt_tokens": 1, "output_tokens": 1, "finish": "eos", "confidence": 1.0}
        found = [(row, task.parse(task.completion(row)), task.completion(row)) for row in read_rows(path)]
        write_jsonl(
            target,
            (
                {"id": row["id"], "split": split, "raw": raw, "value": parsed.value, "status": parsed.status, **numbers}
                for row, parsed, raw in found
            ),
        )
        return str(target)

    second = Files(test=str(tmp_path / "second.jsonl"))
    first = answered(files.first_test, "test", tmp_path / "first_predictions.jsonl")
    script(
        "given_relations.py",
        input=Files(test=str(files.first_test), predictions=first),
        output=second,
        params=Files(splits=["test"]),
    )
    assert read_rows(second.test) == read_rows(files.second_given)
    predictions = Files(predictions=str(tmp_path / "predictions.jsonl"))
    answers = answered(second.test, "test", tmp_path / "second_predictions.jsonl")
    script("join_relations.py", input=Files(first=first, second=answers), output=predictions, params={})
    joined = read_jsonl(predictions.predictions)
    assert [row["value"] for row in joined] == [json.loads(write_output(d)) for d in documents(files.test)]


def commented(key):
    """What the comment behind a key of the paper's configuration says to put there."""
    (found,) = re.findall(rf"^ +{key}: null # (\{{.*?\}})", (ROOT / "config" / "config.yaml").read_text(), re.MULTILINE)
    return yaml.safe_load(found)


def test_biored_is_mixed_in_as_the_comments_of_the_configuration_say(tmp_path, corpora):
    """From the comments to the rows of a training: those that are too long are left out, and no answer of another row
    names what its prompt has lost."""
    paper = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
    said = {key: commented(key) for key in ("mix", "mixed")}
    mix = {**said["mix"], "train": str(corpora / "biored" / Path(said["mix"]["train"]).name)}
    paper["relations"]["data"]["mix"], paper["relations"]["switches"]["mixed"] = mix, said["mixed"]
    study = load_config(paper).relations
    files = prepared(tmp_path, mix=study.data.mix.model_dump())
    rows, _, record = trained_on(files, tmp_path, mix=study.data.mix.model_dump())
    assert record["mixed_in"] == 400 and len(rows) == 460
    model, tokenizer = build_untrained(MadeModel(source="made", layers=1, text="relations"))
    base = tmp_path / "base"
    model.save_pretrained(base)
    tokenizer.save_pretrained(base)
    write_json(base / "record.json", {"name": "untrained", "fingerprint": "1"})
    switch = study.switches["mixed"].model_dump(exclude_none=True)
    job = Job(
        task="relations",
        task_options={"prompts": study.prompts, "schema": str(files.schema)},
        settings={**study.training.model_dump(), "max_tokens": switch["max_tokens"]},
        generation=study.generation,
        seed=1,
        train=tmp_path / "train.jsonl",
        validation=tmp_path / "loss.jsonl",
        base=base,
    )
    found = prepare_job(job).rows
    # A vocabulary of 1,500 pieces cuts text finer than that of a large model, so that fewer abstracts fit here.
    assert found.truncated == 0 and found.left_out > 0 and 60 < len(found) == 460 - found.left_out
    assert max(map(len, found.input_ids)) <= 2048


@pytest.mark.parametrize(
    ("kind", "name", "where", "licence"),
    [
        ("biored", "file", "ftp.ncbi.nlm.nih.gov/pub/lu/BioRED", "public domain"),
        ("chemprot", "folder", "10.5281/zenodo.5119892", "CC BY 4.0"),
        ("brat", "folder", "10.6084/m9.figshare.9764942", "CC BY 4.0"),
    ],
)
def test_of_missing_data_it_is_said_where_to_get_them_and_under_which_licence(tmp_path, kind, name, where, licence):
    source = {"format": kind, "train": str(tmp_path / "none"), "validation": None, "test": None, "labels": "own"}
    with pytest.raises(InputError) as caught:
        prepared(tmp_path, source)
    sentence = str(caught.value)
    assert sentence.startswith(f"{tmp_path / 'none'}: no such {name}. ")
    assert where in sentence and licence in sentence
