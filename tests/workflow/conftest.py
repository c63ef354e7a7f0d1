import os
import shutil

import pytest
from filelock import FileLock

from tests.workflow.browser import find_browser
from tests.workspace import Workspace

# A base model that is made in seconds: for tests of the machinery, not of the figures.
QUICK = {
    "models": {"tiny-qwen3": {"source": "made", "steps": 10}},
    "yesno": {
        "ranks": [4, 8],
        "data": {"sources": {"synthetic": {"format": "synthetic", "per_class": 40}}, "per_class": 30},
        "training": {"max_steps": 20, "evaluate_every": 5},
        "generation": {"max_new_tokens": 24, "batch_tokens": 512, "longer_answers": 1},
    },
}

QUICK_RADGRAPH = {
    "models": QUICK["models"],
    "radgraph": {
        "model": "tiny-qwen3",
        "data": {"source": {"format": "synthetic", "train": 12, "validation": 3, "test": 4}},
        "training": {"max_steps": 2, "evaluate_every": 1},
        "generation": {"max_new_tokens": 3, "batch_tokens": 16384, "longer_answers": 1},
    },
}


LONGEST = 2700
"""Seconds of a run that many tests read, on a busy machine too."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What reads the whole tiny run comes last, so that the other demo tests run beside it."""
    items.sort(key=lambda item: "tiny_run" in item.fixturenames)


def finished_run(
    factory: pytest.TempPathFactory,
    name: str,
    *command: str,
    like: Workspace | None = None,
    config: dict | None = None,
) -> Workspace:
    """One undisturbed run. With pytest-xdist, the first process that asks makes it, and each has a copy of its own.

    like: what is made already.
    """
    if "PYTEST_XDIST_WORKER" not in os.environ:
        space = Workspace(factory.mktemp(name) / "medtune", like)
        space.succeed(*command, config=config, timeout=LONGEST)
        return space
    made = factory.getbasetemp().parent / name
    with FileLock(f"{made}.lock"):
        if not (made / "done").exists():
            shutil.rmtree(made, ignore_errors=True)  # of a process that did not end it
            Workspace(made / "medtune", like).succeed(*command, config=config, timeout=LONGEST)
            (made / "done").touch()
    return Workspace(factory.mktemp(name) / "medtune", like=Workspace.of(made / "medtune"))


@pytest.fixture
def workspace(tmp_path) -> Workspace:
    """A fresh copy of the workflow."""
    return Workspace(tmp_path / "medtune")


@pytest.fixture(scope="session")
def quick_model(tmp_path_factory) -> Workspace:
    """The base model of QUICK alone. Copy it, do not change it."""
    target = "results/tiny/models/tiny-qwen3"
    return finished_run(tmp_path_factory, "model", "--profile", "tiny", target, config={"models": QUICK["models"]})


@pytest.fixture(scope="session")
def quick_run(tmp_path_factory, quick_model) -> Workspace:
    """The yes/no study with QUICK settings. Read it, do not change it."""
    return finished_run(tmp_path_factory, "quick", "--profile", "tiny", "yesno", like=quick_model, config=QUICK)


@pytest.fixture(scope="session")
def quick_radgraph(tmp_path_factory, quick_model) -> Workspace:
    """The RadGraph study with QUICK_RADGRAPH settings. Read it, do not change it."""
    command = ("--profile", "tiny", "results/tiny/radgraph/summary/thresholds.csv")
    return finished_run(tmp_path_factory, "radgraph", *command, like=quick_model, config=QUICK_RADGRAPH)


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory) -> Workspace:
    """The whole tiny workflow as `make demo` runs it. Read it, do not change it."""
    return finished_run(tmp_path_factory, "tiny", "--profile", "profiles/tiny")


@pytest.fixture(scope="session")
def browser() -> str:
    """Path of a Chromium."""
    found = find_browser()
    if found is None:
        pytest.skip("no Chromium is installed (Debian: apt-get install chromium)")
    return found
