import sys

import pytest

from medtune.errors import InputError
from medtune.metrics.text.custom import custom

MODULE = """
import math
import numpy as np

def words(predictions, references):
    return [len(p.split()) - len(r.split()) for p, r in zip(predictions, references)]

def array(predictions, references):
    return np.array([0.5] * len(predictions), dtype=np.float32)

def generator(predictions, references):
    return (float(p == r) for p, r in zip(predictions, references))

def greedy(predictions, references):
    predictions.clear()
    return [1.0] * len(references)

def raising(predictions, references):
    raise KeyError("no such\\nthing")

def leaving(predictions, references):
    raise SystemExit(3)

def nan(predictions, references):
    return [1.0] + [math.nan] * (len(predictions) - 1)

def infinite(predictions, references):
    return [math.inf] * len(predictions)

def none(predictions, references):
    return [None] * len(predictions)

def texts(predictions, references):
    return ["0.5"] * len(predictions)

def short(predictions, references):
    return [1.0]

def scalar(predictions, references):
    return 0.5

def one_argument(predictions):
    return predictions

NUMBER = 3
"""
PREDICTIONS, REFERENCES = ["a b", "c"], ["a", "c"]


@pytest.fixture(autouse=True)
def in_a_folder_with_a_module(tmp_path, monkeypatch):
    (tmp_path / "own_metrics_of_a_test.py").write_text(MODULE)
    (tmp_path / "broken_metrics_of_a_test.py").write_text("import nothing_of_this_name\n")
    (tmp_path / "leaving_metrics_of_a_test.py").write_text("raise SystemExit(0)\n")
    (tmp_path / "wrong_metrics_of_a_test.py").write_text("def score(:\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield
    for name in [name for name in sys.modules if name.endswith("_metrics_of_a_test")]:
        del sys.modules[name]


def run(path, name="mine"):
    return custom(name, path, PREDICTIONS, REFERENCES)[name]


@pytest.mark.parametrize("path", ["own_metrics_of_a_test:words", "own_metrics_of_a_test.words"])
def test_a_function_of_the_working_directory_by_its_import_path(path):
    scores = run(path)
    assert scores.items.tolist() == [1, 0]
    assert scores.estimate().value == pytest.approx(0.5)
    assert scores.definition == f"mean of {path}"


def test_an_array_or_a_generator_will_do():
    assert run("own_metrics_of_a_test:array").items.tolist() == [0.5, 0.5]
    assert run("own_metrics_of_a_test:generator").items.tolist() == [0, 1]


def test_a_function_cannot_spoil_the_texts_for_the_next():
    run("own_metrics_of_a_test:greedy")
    assert PREDICTIONS == ["a b", "c"]


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("own_metrics_of_a_test:raising", r"raised KeyError: 'no such\\nthing'$"),
        ("own_metrics_of_a_test:leaving", "raised SystemExit: 3"),
        ("own_metrics_of_a_test:nan", "gave nan for item 1; expected a finite number"),
        ("own_metrics_of_a_test:infinite", "gave inf for item 0"),
        ("own_metrics_of_a_test:none", "gave None for item 0"),
        ("own_metrics_of_a_test:texts", "gave '0.5' for item 0"),
        ("own_metrics_of_a_test:short", "gave 1 scores for 2 items; expected one each"),
        ("own_metrics_of_a_test:scalar", "raised TypeError: 'float' object is not iterable"),
        ("own_metrics_of_a_test:one_argument", "raised TypeError: one_argument"),
        ("own_metrics_of_a_test:missing", "the module own_metrics_of_a_test has no function missing"),
        ("own_metrics_of_a_test:NUMBER", "has no function NUMBER"),
        ("no_module_of_this_name:score", "no_module_of_this_name cannot be imported"),
        ("broken_metrics_of_a_test:score", "cannot be imported .*nothing_of_this_name"),
        ("leaving_metrics_of_a_test:score", "cannot be imported .SystemExit"),
        ("wrong_metrics_of_a_test:score", "cannot be imported .SyntaxError"),
        ("score", '"score" is not an import path such as my_metrics:score'),
        ("../own_metrics.py:score", "is not an import path"),
        ("", "is not an import path"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(path, sentence):
    with pytest.raises(InputError, match=sentence) as caught:
        run(path)
    assert str(caught.value).startswith('custom metric "mine": ')
    assert "\n" not in str(caught.value)


def test_the_name_of_a_built_in_metric_is_refused():
    with pytest.raises(InputError, match="built-in"):
        run("own_metrics_of_a_test:words", name="ROUGE-L")
