import pytest

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


SHARED = ("tiny_run", "quick_run", "quick_radgraph")
"""Runs that many tests read."""


@pytest.hookimpl(tryfirst=True)  # before xdist reads the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With `--dist loadgroup`, tests that read one run are in one process, and so are those of a module."""
    for item in items:
        read = next((run for run in SHARED if run in item.fixturenames), item.module.__name__)
        item.add_marker(pytest.mark.xdist_group(read))


@pytest.fixture
def workspace(tmp_path) -> Workspace:
    """A fresh copy of the workflow."""
    return Workspace(tmp_path / "medtune")


@pytest.fixture(scope="session")
def quick_run(tmp_path_factory) -> Workspace:
    """One undisturbed run of the yes/no study with QUICK settings. Read it, do not change it."""
    space = Workspace(tmp_path_factory.mktemp("quick") / "medtune")
    space.succeed("--profile", "tiny", "yesno", config=QUICK)
    return space


@pytest.fixture(scope="session")
def quick_radgraph(tmp_path_factory) -> Workspace:
    """One undisturbed run of the RadGraph study with QUICK_RADGRAPH settings. Read it, do not change it."""
    space = Workspace(tmp_path_factory.mktemp("radgraph") / "medtune")
    space.succeed("--profile", "tiny", "results/tiny/radgraph/summary/thresholds.csv", config=QUICK_RADGRAPH)
    return space


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory) -> Workspace:
    """The whole tiny workflow as `make demo` runs it. Read it, do not change it."""
    space = Workspace(tmp_path_factory.mktemp("tiny") / "medtune")
    space.succeed("--profile", "profiles/tiny", timeout=2700)
    return space


@pytest.fixture(scope="session")
def browser() -> str:
    """Path of a Chromium."""
    found = find_browser()
    if found is None:
        pytest.skip("no Chromium is installed (Debian: apt-get install chromium)")
    return found
