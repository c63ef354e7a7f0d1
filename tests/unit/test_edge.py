import inspect

import pytest

from medtune.errors import InputError
from medtune.workflow.edge import ForRules, one_sentence


class Jobs:
    root = "results/tiny/mine"

    def path(self, wildcards, attempt):
        """The path."""
        if attempt == 1:
            raise InputError("mine.path: not set")
        return "texts"

    def wrong(self, wildcards):
        raise KeyError("a fault of ours")

    @property
    def template(self):
        raise InputError("mine.template: no such file")


def test_an_input_error_ends_the_run_with_its_sentence():
    with pytest.raises(SystemExit) as ended:
        ForRules(Jobs()).path(None, attempt=1)
    assert ended.value.code == "mine.path: not set"
    with pytest.raises(SystemExit, match=r"mine\.template: no such file"):
        ForRules(Jobs()).template  # noqa: B018
    with pytest.raises(SystemExit, match="bad"), one_sentence():
        raise InputError("bad")


def test_all_else_is_as_it_was():
    jobs = ForRules(Jobs())
    assert jobs.root == "results/tiny/mine"
    assert jobs.path(None, attempt=2) == "texts"
    with pytest.raises(KeyError):
        jobs.wrong(None)


def test_snakemake_sees_what_a_function_takes():
    assert list(inspect.signature(ForRules(Jobs()).path).parameters) == ["wildcards", "attempt"]
