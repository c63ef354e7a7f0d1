"""Entities in the user's notes: with a made tagger, and once with a real one."""

import json

import pytest

from medtune.data.report_sources import Source
from medtune.errors import InputError
from medtune.files import read_json, write_json
from medtune.methods.encoder.tagger import Tagger, TaggerSettings
from medtune.reporting.tables import read_csv
from medtune.studies.maccrobat.analysis.readiness import AUTO, DOCUMENTS, REVIEW, SUGGESTIONS, TYPES, ReviewRule
from medtune.studies.maccrobat.extract import DETERMINING, Job, extract, tagger_of
from medtune.studies.maccrobat.extraction_files import Entity, Extraction, Outputs, note_confidence
from tests.unit.test_maccrobat_card import tagger  # noqa: F401 (a fixture)

NAMES = {
    "predictions": "extractions.json",
    "entities": "entities.csv",
    "notes": "notes.csv",
    "skipped": "skipped.csv",
    "page": "extracted.html",
    "record": "record.json",
}
NOTES = {"a": "Fever and aspirin.", "b": "Nothing.", "c": " ", "d": "A fever\r\nagain <b>."}


def recommended(mode=TYPES, **changes):
    advice = {
        "mode": mode,
        "confidence": "calibrated",
        "document_threshold": 0.8,
        "judged_at": 0.7,
        "automatic_types": ["Sign"],
    }
    return {"recommendation": advice | changes}


class Stub:
    """Finds "fever" and "aspirin" by their letters. fail_at: number of the call that is killed."""

    def __init__(self, fail_at=None):
        self.fail_at, self.calls = fail_at, 0

    def load(self, job):
        return self

    def __call__(self, texts):
        if self.calls == self.fail_at:
            raise KeyboardInterrupt
        self.calls += 1
        return [{"entities": self._found(text.lower()), "least": [0.5, 0.6]} for text in texts]

    def _found(self, text):
        places = [(text.find(word), word, label) for word, label in (("fever", "Sign"), ("aspirin", "Drug"))]
        return [[at, at + len(word), label, 0.9, 0.85] for at, word, label in sorted(places) if at >= 0]


@pytest.fixture
def folder(tmp_path):
    """The files of an exported tagger, as far as they are looked at."""
    for name in DETERMINING:
        write_json(tmp_path / "export" / name, {})
    write_json(tmp_path / "export" / "tags.json", {"tiers": {"Sign": "frequent", "Drug": "rare"}})
    write_json(tmp_path / "readiness.json", recommended())
    lines = (json.dumps({"id": name, "text": text}) + "\n" for name, text in NOTES.items())
    (tmp_path / "notes.jsonl").write_text("".join(lines))
    return tmp_path


def run(folder, out, stub, **changes):
    outputs = Outputs(**{name: out / file for name, file in NAMES.items()})
    job = Job(
        **{
            "notes": Source("jsonl", str(folder / "notes.jsonl"), id="id"),
            "tagger": folder / "export",
            "readiness": folder / "readiness.json",
            "batch_tokens": 100,
            "chunk": 1,
            **changes,
        }
    )
    extract(job, outputs, out / "state", stub and stub.load)
    return outputs


def test_entities_come_out_in_their_places_with_the_decision_of_their_type(folder):
    outputs = run(folder, folder / "out", Stub())
    assert [tuple(row.values()) for row in read_csv(outputs.entities)] == [
        ("a", "Sign", "Fever", "0", "5", "0.9", AUTO),
        ("a", "Drug", "aspirin", "10", "17", "0.9", REVIEW),
        ("d", "Sign", "fever", "2", "7", "0.9", AUTO),
    ]
    assert [tuple(row.values()) for row in read_csv(outputs.notes)] == [
        ("a", "2", "1", "0.9", REVIEW),
        ("b", "0", "0", "0.6", REVIEW),
        ("d", "1", "0", "0.9", REVIEW),
    ]
    assert read_csv(outputs.skipped) == [{"note": "c", "reason": "no text"}]
    for note in read_json(outputs.predictions):
        assert note["text"] == NOTES[note["id"]]
        assert all(note["text"][e["start"] : e["end"]] == e["text"] for e in note["entities"])
    record = read_json(outputs.record)
    assert (record["notes"], record["notes_skipped"], record["entities"], record["entities_accepted"]) == (3, 1, 3, 2)
    assert record["entities_by_type"] == {"Drug": 1, "Sign": 2}
    page = outputs.page.read_text()
    assert 'title="Sign: confidence 0.900, auto-code"' in page and "&lt;b&gt;" in page
    assert not (folder / "out" / "state").exists()


@pytest.mark.parametrize(
    ("mode", "changes", "whole", "sign", "drug"),
    [
        (TYPES, {}, REVIEW, AUTO, REVIEW),
        (TYPES, {"judged_at": 0.95}, REVIEW, REVIEW, REVIEW),
        (TYPES, {"judged_at": 0.87, "confidence": "raw"}, REVIEW, REVIEW, REVIEW),
        (SUGGESTIONS, {}, REVIEW, REVIEW, REVIEW),
        (DOCUMENTS, {}, AUTO, AUTO, AUTO),
        (DOCUMENTS, {"document_threshold": 0.95}, REVIEW, REVIEW, REVIEW),
        (DOCUMENTS, {"document_threshold": None}, REVIEW, REVIEW, REVIEW),
    ],
)
def test_nothing_goes_without_review_but_what_readiness_allows(folder, mode, changes, whole, sign, drug):
    write_json(folder / "readiness.json", recommended(mode, **changes))
    outputs = run(folder, folder / "out", Stub())
    assert [row["decision"] for row in read_csv(outputs.entities)][:2] == [sign, drug]
    assert read_csv(outputs.notes)[0]["decision"] == whole


def test_a_note_without_entities_is_as_sure_as_its_least_sure_word():
    rule = ReviewRule(DOCUMENTS, "calibrated", 0.8, 0.7, ())
    assert note_confidence(Extraction("x", "a", (), 0.9, 0.7), rule) == 0.7
    assert note_confidence(Extraction("x", "a", (Entity(0, 1, "A", 0.85, 0.1),), 0.1, 0.1), rule) == 0.85


@pytest.mark.parametrize("fail_at", [0, 1, 2])
def test_a_killed_job_goes_on_and_ends_with_the_same_files(folder, fail_at):
    whole = run(folder, folder / "whole", Stub())
    with pytest.raises(KeyboardInterrupt):
        run(folder, folder / "killed", Stub(fail_at))
    assert [path.name for path in (folder / "killed").iterdir() if path.is_file()] in ([], ["state.lock"])
    stub = Stub()
    again = run(folder, folder / "killed", stub)
    assert stub.calls == 3 - fail_at
    for name in NAMES:
        assert getattr(again, name).read_bytes() == getattr(whole, name).read_bytes(), name


def test_faulty_notes_are_told_before_the_model_is_loaded(folder):
    with open(folder / "notes.jsonl", "a") as stream:
        stream.write('{"id": "a", "text": "again"}\n')
    with pytest.raises(InputError, match='line 5: the id "a" occurs more than once'):
        run(folder, folder / "out", None)


def test_a_real_tagger_gives_what_its_own_script_gives(folder, tagger):  # noqa: F811
    job = Job(notes=Source("folder", "x"), tagger=tagger, readiness="x", batch_tokens=50)
    found = tagger_of(job)(["Fever and rash.", "!"])
    expected = Tagger.load(tagger).entities(["Fever and rash.", "!"])
    assert [[Entity(*fields)[:3] for fields in entry["entities"]] for entry in found] == [
        [entity[:3] for entity in entities] for entities in expected
    ]
    assert all(0 < value <= 1 for entry in found for value in entry["least"])
    assert TaggerSettings(**read_json(tagger / "tagger.json")).window_tokens == 40
