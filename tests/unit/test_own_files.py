"""Studies as Python files: how they become sections, how their reader is called, and the sentence for each fault."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from medtune.config.layers import Layer, merge, read_layers
from medtune.config_check import load_config
from medtune.errors import InputError
from medtune.studies.own_files import code_of_reader, load_reader, resolved
from tests.imports import check_no_torch
from tests.unit.own_data import all_rows, prepared, refusal, section
from tests.workspace import ROOT

STUDY = """
study = {
    "kind": "labels",
    "labels": ["current", "former", "never"],
    "prompt": "Note: {text}",
    "data": {"path": "notes.txt", "columns": {"text": "note"}},
    "training": {"epochs": 9, "lora": {"rank": 4}},
}
"""
READ = """
def read(path):
    for number in range(30):
        yield {"text": f"Note {number}", "label": study["labels"][number % 3], "group": None, "more": 1}
"""
DEFAULTS = {"model": "tiny", "training": {"epochs": 1, "patience": 2}, "generation": {"max_new_tokens": 8}}


def written(path, text=STUDY + READ):
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return str(path)


def studies_of(value):
    return resolved({"study_defaults": DEFAULTS, "studies": value})["studies"]


def test_a_section_goes_over_its_file_and_that_over_the_defaults(tmp_path):
    file = written(tmp_path / "a.py")
    found = studies_of({"smoking": {"file": file, "training": {"lora": {"rank": 2}}, "data": {"path": "other.txt"}}})
    assert found["smoking"] == {
        "kind": "labels",
        "labels": ["current", "former", "never"],
        "prompt": "Note: {text}",
        "data": {"path": "other.txt", "columns": {"text": "note"}},
        "model": "tiny",
        "training": {"epochs": 9, "patience": 2, "lora": {"rank": 2}},
        "generation": {"max_new_tokens": 8},
        "file": file,
    }


def test_each_file_of_a_folder_is_a_study_of_its_name(tmp_path):
    for name in ("b.py", "a.py", "_shared.py", "notes.txt", ".hidden.py"):
        written(tmp_path / "mine" / name, STUDY if name.startswith(("a", "b")) else "no python")
    found = studies_of(str(tmp_path / "mine"))
    assert list(found) == ["a", "b"]
    assert found["b"]["file"] == str(tmp_path / "mine" / "b.py")


def test_a_study_of_a_file_makes_a_whole_configuration(tmp_path):
    layers = read_layers([ROOT / "config/config.yaml", ROOT / "config/tiny.yaml"], [], [])
    layers.append(Layer("mine", {"studies": {"smoking": {"file": written(tmp_path / "a.py", STUDY)}}}))
    config = load_config(merge(layers), layers)
    assert config.studies["smoking"].training.epochs == 9
    assert config.studies["smoking"].model == "tiny-qwen3"


def test_studies_without_files_take_the_defaults_and_other_values_are_left_to_the_check():
    assert studies_of({"a": {"model": "big"}, "b": 3}) == {
        "a": {**DEFAULTS, "model": "big"},
        "b": 3,
    }
    assert resolved({"studies": {"a": {}}}) == {"studies": {"a": {}}}
    assert resolved({"seed": 1}) == {"seed": 1}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("study = {\n'kind': }\n", "a.py, line 2: not valid Python ("),
        (
            "\nimport no_such_thing\n",
            "a.py, line 2: the file fails (ModuleNotFoundError: No module named 'no_such_thing')",
        ),
        ("\nimport sys\nsys.exit(0)\n", "a.py, line 3: the file fails (SystemExit: 0)"),
        ("study = 3\n", "a.py: no `study`; expected study = {...} with the keys of a study's section"),
        ("", "a.py: no `study`"),
    ],
)
def test_a_faulty_file_gets_one_sentence(tmp_path, text, message):
    with pytest.raises(InputError) as error:
        studies_of({"smoking": {"file": written(tmp_path / "a.py", text)}})
    assert str(error.value).startswith(f"{tmp_path}/{message}")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("{}/none", "no such folder; expected a folder with a Python file for each study"),
        ("{}/empty", "holds no Python file"),
        ("", 'studies = "": no such folder'),
        ("$NO_SUCH/x", "the variable $NO_SUCH is not set"),
        ({"smoking": {"file": "{}/none.py"}}, "none.py: no such file"),
    ],
)
def test_what_is_not_there_is_named(tmp_path, value, message):
    (tmp_path / "empty").mkdir()
    value = json.loads(json.dumps(value).replace("{}", str(tmp_path)))
    with pytest.raises(InputError) as error:
        studies_of(value)
    assert message in str(error.value)


def test_a_reader_is_given_the_path_and_its_examples_are_prepared(tmp_path):
    row = '{"id": n, "text": f"{path} {n}", "label": "abc"[n % 3]}'
    text = f"def read(path):\n    for n in range(30):\n        yield {row}\n"
    file = written(tmp_path / "a.py", text)
    options = section("labels", "my place", file=file, names={"labels": ["a", "b", "c"]})
    splits, manifest = prepared(tmp_path, options)
    assert all_rows(splits)["4"] == {"id": "4", "text": "my place 4", "source": "my place", "label": "b"}
    assert manifest["sources"][0]["format"] == "python"
    assert set(manifest["sources"][0]["sha256"]) == {"a.py"}


def test_a_reader_needs_no_path_and_a_file_without_one_leaves_reading_to_the_format(tmp_path):
    options = section("labels", "x", file=written(tmp_path / "a.py"))
    options["data"]["path"] = None
    splits, _ = prepared(tmp_path, options)
    assert all_rows(splits)["1"]["source"] == "a.py"
    assert load_reader(written(tmp_path / "b.py", STUDY)) is None
    options["file"] = str(tmp_path / "b.py")
    assert "b.py: has no `read(path)`, and data.path is not set" in refusal(tmp_path, options)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('    yield {"text": "a"}["txt"]', "a.py, line 2: `read` fails (KeyError: 'txt')"),
        ("    open('/none')\n    yield", "a.py, line 2: `read` fails (FileNotFoundError: "),
        ("    yield 'text'", "a.py, example 1: `read` yields str; expected a dictionary"),
        ('    yield {"text": "a", "label": "nvr"}', 'a.py, example 1: unknown label "nvr"'),
        ('    yield {"label": "never"}', "a.py, example 1: the text is empty; expected text"),
        ("    raise SystemExit('stop')\n    yield", "a.py, line 2: `read` fails (SystemExit: stop)"),
        ("    return 3", "a.py: `read` fails (TypeError: 'int' object is not iterable)"),
    ],
)
def test_what_goes_wrong_in_a_reader_gets_one_sentence(tmp_path, body, message):
    file = written(tmp_path / "a.py", f"def read(path):\n{body}\n")
    assert refusal(tmp_path, section("labels", "x", file=file)).startswith(f"{tmp_path}/{message}")


def test_dataclasses_of_a_file_work_and_no_bytecode_is_left_beside_it(tmp_path):
    text = (
        "from __future__ import annotations\nfrom dataclasses import dataclass\n"
        "@dataclass\nclass Row:\n    text: str\nstudy = {'kind': Row('labels').text}\n"
    )
    assert studies_of({"a": {"file": written(tmp_path / "a.py", text)}})["a"]["kind"] == "labels"
    assert [path.name for path in tmp_path.iterdir()] == ["a.py"]


def test_rules_can_import_it():
    check_no_torch("medtune.studies.own_files")
    code = "import sys, medtune.studies.own_files; assert not {'pandas', 'pyarrow', 'numpy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": ":".join(sys.path)})


def test_code_of_the_user_changes_neither_the_working_directory_nor_what_is_printed(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    noise = "import os; os.chdir('/'); print('hello')"
    file = written(tmp_path / "a.py", f"{noise}\n{STUDY}\ndef read(path):\n    {noise}\n    yield {{}}\n")
    studies_of({"a": {"file": file}})
    assert list(load_reader(file)("x")) == [{}]
    assert Path.cwd() == tmp_path
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "hello\n" * 3)


def test_the_code_of_a_reader_is_told_by_all_of_the_file_but_the_study(tmp_path):
    def code(study=STUDY, read=READ):
        return code_of_reader(written(tmp_path / "a.py", study + read))

    read = READ.replace('study["labels"][number % 3]', '"never"')
    assert code(read="") is None
    assert code(read=read) == code(STUDY.replace("9", "10"), f"\n# a remark\n{read}")
    assert code(read=read) != code(read=read.replace("30", "31"))
    assert code(read=read) != code(read=f"import csv\n{read}")
    assert code() != code(STUDY.replace("former", "ex")), "where the code names the study, the study is code"
