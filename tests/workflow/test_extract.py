"""New notes, tagged by the exported tagger of the tiny run: every file, and again after a kill."""

import json

import pytest

from tests.workspace import Workspace, table

pytestmark = pytest.mark.demo

STUDY = "results/tiny/maccrobat"
FOLDER = f"{STUDY}/extractions"
DONE = "results/tiny/.state/maccrobat/extractions/extractions.json/done.jsonl"
COMMAND = ("--profile", "tiny", "extract")
NAMES = ("extractions.json", "entities.csv", "notes.csv", "skipped.csv", "extracted.html", "record.json")
CONFIG = {"maccrobat": {"extract": {"format": "folder", "path": "notes"}}}
COPIES = 40


@pytest.fixture
def space(tiny_run, tmp_path) -> Workspace:
    """The tiny run, with the texts of its test documents as new notes, many times."""
    found = Workspace(tmp_path / "medtune", like=tiny_run)
    for line in found.read(f"{STUDY}/data/test.jsonl").splitlines():
        row = json.loads(line)
        for copy in range(COPIES):
            path = found.folder / "notes" / f"{row['id']}-{copy}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(row["text"].encode())
    return found


def test_a_killed_extraction_goes_on_and_finds_what_the_study_found(space):
    done = space.folder / DONE
    space.kill_when(lambda: done.is_file() and done.stat().st_size > 0, *COMMAND, config=CONFIG)
    assert not [name for name in NAMES if (space.folder / FOLDER / name).exists()]
    output = space.succeed(*COMMAND, config=CONFIG)
    assert "chunks are done already" in output
    assert all((space.folder / FOLDER / name).stat().st_size for name in NAMES)
    assert "Nothing to be done" in space.succeed(*COMMAND, "-n", config=CONFIG)

    decisions = table(space, f"{STUDY}/analysis/readiness/entity_decisions.csv")
    expected = {(row["document"], row["start"], row["end"], row["type"], row["decision"]) for row in decisions}
    rows = table(space, f"{FOLDER}/entities.csv")
    for copy in range(COPIES):
        ending = f"-{copy}.txt"
        found = {
            (row["note"].removesuffix(ending), row["start"], row["end"], row["label"], row["decision"])
            for row in rows
            if row["note"].endswith(ending)
        }
        assert found == expected
    assert space.json(f"{FOLDER}/record.json")["notes"] == 12 * COPIES
    assert not done.parent.exists(), "the state is removed in the end"


def test_notes_that_are_not_named_or_not_there_are_asked_for(space):
    assert "maccrobat.extract: not set; say where the notes are" in space.refuse(*COMMAND)
    config = {"maccrobat": {"extract": {"format": "folder", "path": "gone"}}}
    assert 'maccrobat.extract.path = "gone": no such file or folder' in space.refuse(*COMMAND, config=config)
