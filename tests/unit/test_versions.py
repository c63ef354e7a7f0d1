"""Every library whose version can change a figure is in the recorded versions."""

import ast
import importlib.metadata
import re
import sys

import pytest

from medtune.versions import LIBRARIES, library_versions
from tests.conftest import ROOT
from tests.unit.test_environments import pins

SOURCES = ROOT / "workflow" / "scripts"
WITHOUT_SAY = {
    "filelock",  # locks of state folders
    "huggingface-hub",  # fetches base models; their weights are recorded by checksum
    "ipykernel",
    "matplotlib",
    "mistune",  # the HTML of pages
    "nbclient",
    "nbconvert",
    "nbformat",
    "pandas",  # in the notebook, for readers
    "psutil",  # measures memory
    "pydantic",  # checks settings, which are recorded as they are
    "pyyaml",
    "snakemake",
    "snakemake-executor-plugin-slurm",
    "wandb",
}
"""Direct dependencies that no figure depends on."""
BROUGHT = {"IPython", "annotated_types", "httpx2", "pydantic_core", "traitlets", "yte"}
"""Packages that come with those, and have no say either."""


def imported() -> set[str]:
    """Names of the packages of others that the library and the scripts import, wherever in a file."""
    names = set()
    for path in SOURCES.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names.add(node.module.split(".")[0])
    return names - set(sys.stdlib_module_names) - {"medtune"}


def test_each_direct_dependency_is_recorded_or_known_to_have_no_say():
    assert set(pins("requirements.in")) - WITHOUT_SAY == set(LIBRARIES)


def test_what_the_library_imports_is_a_direct_dependency():
    packages = importlib.metadata.packages_distributions()
    found = {
        re.sub("[-_.]+", "-", distribution).lower()
        for name in imported() - BROUGHT
        for distribution in packages.get(name, [])
    }
    assert {"torch", "transformers", "numpy", "llguidance"} <= found
    assert found <= set(pins("requirements.in"))


@pytest.mark.parametrize(
    "name", ["torch", "transformers", "peft", "trl", "bitsandbytes", "llguidance", "tokenizers", "numpy", "scipy"]
)
def test_the_versions_are_those_that_are_installed(name):
    assert library_versions()[name] == importlib.metadata.version(name)


def test_all_are_installed_here():
    assert list(library_versions()) == list(LIBRARIES)


def test_an_environment_that_lacks_some_records_the_others(monkeypatch):
    installed = importlib.metadata.version

    def version(name):
        if name == "torch":
            raise importlib.metadata.PackageNotFoundError(name)
        return installed(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    assert list(library_versions()) == list(LIBRARIES[1:])
