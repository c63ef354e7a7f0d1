"""Shared by all tests: where the project and the real corpora are."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# A busy machine is no failure: examples have no time limit, the tests as a whole have one.
settings.register_profile("medtune", deadline=None)
settings.load_profile("medtune")

os.environ.setdefault("HF_HUB_OFFLINE", "1")

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def corpora() -> Path:
    """Folder of the real corpora, which are not part of the project."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the real corpora are not here (expected in ../shared/data)")
    return folder
