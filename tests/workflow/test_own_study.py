"""docs/own_study.md as printed: its files, its commands, at a size that is made in seconds."""

import shlex
import shutil

import pytest
import yaml

from tests.documents import commands_shown, files_shown
from tests.workspace import ROOT, Workspace, table

PAGE = ROOT / "docs" / "own_study.md"
STUDIES = {"smoking": ("r4", "r16"), "leaflet": ("adapter",), "treatments": ("adapter",), "drugs": ("adapter",)}
ANNOTATION = "T1\tDrug 0 7\tAspirin\nT2\tProblem 12 16\tpain\nR1\ttreats Arg1:T1 Arg2:T2\n"
RESULTS = (
    *("data/train.jsonl", "data/manifest.json", "base/predictions.jsonl", "base/items.csv", "base/metrics.json"),
    *("summary/runs.csv", "summary/comparisons.csv", "summary/summary.md", "summary/summary.html"),
)
OF_RUN = ("adapter/adapter_model.safetensors", "adapter/README.md", "predictions.jsonl", "items.csv", "metrics.json")


@pytest.fixture(scope="module")
def space(tmp_path_factory, quick_model) -> Workspace:
    """A clone with the files of the page, a folder of brat's, and a base model that was made in ten steps."""
    space = Workspace(tmp_path_factory.mktemp("own") / "medtune", like=quick_model)
    files = files_shown(PAGE)
    files |= {f"my/brat/{n}.txt": f"Aspirin for pain {n}." for n in range(12)}
    files |= {f"my/brat/{n}.ann": ANNOTATION for n in range(12)}
    for path, content in files.items():
        (space.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (space.folder / path).write_text(content, encoding="utf-8")
    overlay = space.folder / "config" / "tiny.yaml"
    settings = yaml.safe_load(overlay.read_text())
    settings["models"]["tiny-qwen3"]["steps"] = 10
    settings["study_defaults"]["training"] |= {"max_steps": 4, "evaluate_every": 4}
    overlay.write_text(yaml.safe_dump(settings))
    return space


def run(space: Workspace, command: str) -> None:
    """A command of the page, as printed."""
    done = space.type(command)
    assert done.returncode == 0, done.stdout[-6000:]


@pytest.mark.parametrize("command", commands_shown(PAGE))
def test_the_page_leads_from_a_file_to_a_table(space, command):
    run(space, command)
    for study in (word for word in shlex.split(command) if word in STUDIES):
        folder = f"results/tiny/{study}"
        files = [*RESULTS, *(f"{name}/{file}" for name in STUDIES[study] for file in OF_RUN)]
        assert [file for file in files if not (space.folder / folder / file).is_file()] == []
        assert [row["run"] for row in table(space, f"{folder}/summary/runs.csv")] == ["base", *STUDIES[study]]
        (source,) = space.json(f"{folder}/data/manifest.json")["sources"]
        assert source["records"] == {"smoking": 25, "leaflet": 12, "treatments": 12, "drugs": 12}[study]


def test_every_command_of_the_page_is_of_a_study_and_all_four_kinds_are_shown():
    named = [[word for word in shlex.split(command) if word in STUDIES] for command in commands_shown(PAGE)]
    assert sorted(study for studies in named for study in studies) == sorted(STUDIES)
    assert all(named)
    text = "\n".join(files_shown(PAGE).values())
    assert all(kind in text for kind in ("kind: labels", "kind: answers", "kind: relations", '"kind": "spans"'))


def test_a_study_is_a_few_lines():
    files = files_shown(PAGE)
    assert len(files["my/smoking.yaml"].splitlines()) <= 15
    assert len(files["my/studies/drugs.py"].splitlines()) <= 60


@pytest.mark.parametrize(
    "command",
    [
        "snakemake smoking --configfile my/smoking.yaml",
        "snakemake leaflet treatments --configfile my/more.yaml",
        "snakemake drugs --config studies=my/studies",
    ],
)
def test_the_studies_are_planned_at_paper_scale(space, command):
    run(space, f"{command} --cores 1 --dry-run --quiet rules")


SMOKING = ("results/tiny/smoking/data/manifest.json", "--configfile", "my/smoking.yaml")
DRUGS = ("results/tiny/drugs/data/manifest.json", "--config", "studies=my/studies")


@pytest.mark.parametrize(
    ("target", "file", "change", "message"),
    [
        (SMOKING, "my/notes.csv", ("Smokes one pack", "\xff"), "notes.csv: not UTF-8 text (byte 25)"),
        (SMOKING, "my/notes.csv", ('lifelong.",never', 'lifelong.",nevr'), 'unknown label "nevr"; expected one of'),
        (DRUGS, "my/studies/drugs.py", ("re.findall", "re.findal"), "drugs.py, line 19: `read` fails (AttributeError"),
        (DRUGS, "my/studies/drugs.py", ("study =", "studies ="), "drugs.py: no `study`; expected study = {...}"),
    ],
)
def test_bad_data_stop_the_run_with_one_sentence(space, tmp_path, target, file, change, message):
    copy = Workspace(tmp_path / "medtune")
    shutil.copytree(space.folder / "my", copy.folder / "my")
    path = copy.folder / file
    assert change[0] in path.read_text()
    path.write_bytes(path.read_text().replace(*change).encode("latin-1"))
    assert message in copy.refuse("--profile", "tiny", *target)
