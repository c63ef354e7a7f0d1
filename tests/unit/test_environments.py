"""The lock files, their sources and the conda environments name the same versions."""

import re
from pathlib import Path

import pytest

from envs.from_lock import environments

ROOT = Path(__file__).parents[2]


def pins(file: str) -> dict[str, str]:
    lines = (ROOT / file).read_text().splitlines()
    found = (line.split("==") for line in lines if line and not line.startswith("#"))
    return {re.sub("[-_.]+", "-", name).lower(): version for name, version in found}


@pytest.mark.parametrize("name", ["requirements", "requirements-test", "requirements-context"])
def test_every_direct_dependency_is_pinned_and_locked(name):
    assert pins(f"{name}.in").items() <= pins(f"{name}.lock").items()


def test_the_test_lock_adds_to_the_lock_and_changes_nothing():
    assert pins("requirements.lock").items() <= pins("requirements-test.lock").items()


def test_conda_environments_are_those_of_the_lock():
    for name, content in environments().items():
        assert (ROOT / "envs" / name).read_text() == content, "run `make lock`"


def test_torch_is_the_tested_version():
    assert pins("requirements.lock")["torch"] == "2.13.0"
