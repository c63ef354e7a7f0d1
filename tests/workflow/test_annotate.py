"""New reports, annotated by the study's adapters: every file, in step with the reports, and again after a kill.

The adapters of a quick run find nothing, which tests the machinery; what is found, and shown, is tested with gold
answers.
"""

import csv
import io
from pathlib import Path

import pytest

from medtune.config import Generation
from medtune.data.deduplication import normalise
from medtune.studies.radgraph.annotate import Answer, Job, annotate
from medtune.studies.radgraph.generator import make_corpus
from medtune.studies.radgraph.reports import LABELS
from tests.annotations import NAMES, check, gold_answers, json_lines, outputs_in
from tests.workflow.browser import check_pixels, check_styles, styles
from tests.workflow.conftest import QUICK_RADGRAPH
from tests.workspace import Workspace

FOLDER = "results/tiny/radgraph/annotations"
DONE = "results/tiny/.state/radgraph/annotations/annotations.json/done.jsonl"
COMMAND = ("--profile", "tiny", "annotate")
SEED = 42  # of the configuration: the study's own reports are made with it


@pytest.fixture(scope="module")
def new_reports() -> dict:
    """200 reports of the generator that the quick study does not have, in RadGraph's layout."""
    own = QUICK_RADGRAPH["radgraph"]["data"]["source"]
    counts = {"train": own["train"], "dev": own["validation"], "test": own["test"], "new": 200}
    return make_corpus(counts, SEED)["new"]


@pytest.fixture(scope="module")
def texts(new_reports) -> dict[str, str]:
    return {name: report["text"] for name, report in new_reports.items()}


def config() -> dict:
    """The quick study, with new reports."""
    section = {"format": "jsonl", "path": "reports.jsonl", "id": "id"}
    return {**QUICK_RADGRAPH, "radgraph": {**QUICK_RADGRAPH["radgraph"], "annotate": section}}


@pytest.fixture(scope="module")
def annotated(quick_radgraph, texts, tmp_path_factory) -> Workspace:
    """The quick study with the new reports annotated, undisturbed. Read it, do not change it."""
    space = Workspace(tmp_path_factory.mktemp("annotated") / "medtune", like=quick_radgraph)
    json_lines(space.folder, texts)
    space.succeed(*COMMAND, config=config())
    return space


def test_the_new_reports_are_not_those_of_the_study(quick_radgraph, texts):
    own = {
        normalise(report["text"])
        for split in ("train", "validation", "test")
        for report in quick_radgraph.json(f"results/tiny/radgraph/data/reports_{split}.json").values()
    }
    assert len(own) == 19
    assert len(texts) == 200
    assert not own & {normalise(text) for text in texts.values()}


def test_all_files_are_about_all_reports_and_agree(annotated, texts):
    check(outputs_in(annotated.folder / FOLDER), texts)
    record = annotated.json(f"{FOLDER}/record.json")
    assert record["base_model"] == "tiny-qwen3"
    assert list(record["adapters"]) == list(LABELS)
    thresholds = list(csv.DictReader(io.StringIO(annotated.read("results/tiny/radgraph/summary/thresholds.csv"))))
    chosen = next(row for row in thresholds if row["entity"] == "all")
    assert record["threshold"] == (float(chosen["threshold"]) if chosen["ready"] == "True" else None)
    assert not (annotated.folder / DONE).parent.exists(), "the state is removed in the end"


def test_nothing_is_annotated_again_until_reports_change(annotated):
    assert "Nothing to be done" in annotated.succeed(*COMMAND, "-n", config=config())


def test_a_killed_annotation_goes_on_and_ends_with_the_same_files(quick_radgraph, annotated, texts, tmp_path):
    space = Workspace(tmp_path / "medtune", like=quick_radgraph)
    json_lines(space.folder, texts)
    done = space.folder / DONE
    space.kill_when(lambda: done.is_file() and done.stat().st_size > 0, *COMMAND, config=config())
    assert not [name for name in NAMES.values() if (space.folder / FOLDER / name).exists()]
    output = space.succeed(*COMMAND, config=config())
    assert "chunks are done already" in output
    for name in NAMES.values():
        assert space.read(f"{FOLDER}/{name}") == annotated.read(f"{FOLDER}/{name}"), name


def test_with_gold_answers_every_entity_is_in_its_place_and_coloured(
    browser, quick_radgraph, new_reports, texts, tmp_path
):
    """All but the answers is real: base model, adapters and prompts are checked as ever."""
    answers = gold_answers(new_reports)
    root = quick_radgraph.folder
    study = root / "results/tiny/radgraph"
    job = Job(
        reports=json_lines(tmp_path, texts),
        base=root / "results/tiny/models/tiny-qwen3",
        adapters={label: study / label / "NER_qwen2.5_adapter" for label in LABELS},
        prompts={label: root / f"config/prompts/radgraph_tiny/{label}/prompt.txt" for label in LABELS},
        settings=Generation(),
        seed=SEED,
        page_reports=200,
    )

    def load(_, tasks):
        def answer(label: str, sentence: str) -> Answer:
            text = answers[label, sentence]
            return Answer(text, (0.9,) * len(tasks[label].parts(text)))

        return lambda label, sentences: [answer(label, sentence) for sentence in sentences]

    outputs = outputs_in(tmp_path / "annotations")
    annotate(job, outputs, tmp_path / "state", load)
    entities = check(outputs, texts)
    assert len(entities) == sum(len(report["entities"]) for report in new_reports.values())

    found = styles(browser, Path(outputs.page), tmp_path)
    check_styles(found)
    assert len(found["marks"]) == len(entities)
    check_pixels(browser, outputs.page, tmp_path)
