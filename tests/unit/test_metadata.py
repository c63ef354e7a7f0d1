"""What catalogues and readers are told of the project is so."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]


def test_the_citation_has_what_its_format_needs_and_names_the_license():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert {"cff-version", "message", "title", "authors"} <= citation.keys()
    assert citation["license"] == (ROOT / "LICENSE").read_text().split()[0] == "MIT"
    holder = re.search(r"Copyright \(c\) \d+ (.*)", (ROOT / "LICENSE").read_text()).group(1)
    assert [author["name"] for author in citation["authors"]] == [holder]


def test_the_workflow_catalogue_finds_what_it_asks_for():
    usage = yaml.safe_load((ROOT / ".snakemake-workflow-catalog.yml").read_text())["usage"]
    assert set(usage) == {"mandatory-flags", "software-stack-deployment", "report"}
    assert set(usage["software-stack-deployment"]) == {"conda", "apptainer", "apptainer+conda"}
    rules = "".join(file.read_text() for file in (ROOT / "rules").rglob("*.smk"))
    assert usage["software-stack-deployment"]["conda"] == ("conda:" in rules)
    assert usage["software-stack-deployment"]["apptainer"] == ("container" in rules)
    assert usage["report"] == any((ROOT / "workflow/report").glob("*.rst"))
    assert (ROOT / "workflow/Snakefile").is_file() and (ROOT / "config/README.md").is_file()


def test_folders_that_contributing_names_are_there():
    tree = re.search(r"```\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(), re.DOTALL).group(1)
    library = ROOT / "workflow/scripts/medtune"
    named = re.findall(r"(?<![\w{}/])([\w/.]+(?:/|\.smk|\.yaml))(?=[\s(,])", tree)
    places = (ROOT, ROOT / "rules", ROOT / "config", ROOT / "tests", ROOT / "workflow/scripts", library)
    assert len(named) > 25
    missing = {name for name in named if not any((place / name).exists() for place in places)}
    assert not missing
    folders = {path.name for path in library.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert {name.rstrip("/") for name in named} | {"studies"} >= folders
