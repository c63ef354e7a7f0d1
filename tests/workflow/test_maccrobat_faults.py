"""Bad input to the MACCROBAT study: one clear sentence, no traceback, nothing half-written. And what looks bad but is
not: it is kept, or left out and counted."""

import pytest

from medtune.files import read_jsonl
from tests.workspace import Workspace

DATA = "results/small/maccrobat/data"
ONCE = ("--profile", "small", "--retries", "0", f"{DATA}/train.jsonl")  # a second attempt would say the same
TEXT = "A 61-year-old man presented with fever.\nHe was given aspirin.\n"
MENTIONS = {"Age": "61-year-old", "Sex": "man", "Sign_symptom": "fever", "Medication": "aspirin"}
ASTRAL = "\U0001d6fc-fetoprotein \U0001f9ec was raised. "
"""A mathematical alpha and an emoji: each one code point, and two units of UTF-16."""


def annotation(text: str, mentions: dict[str, str], shift: int = 0) -> str:
    """brat's lines for the first occurrence of each surface. shift: added to all offsets."""
    lines = []
    for number, (label, surface) in enumerate(mentions.items(), start=1):
        start = text.index(surface) + shift
        lines.append(f"T{number}\t{label} {start} {start + len(surface)}\t{surface}\n")
    return "".join(lines)


class Corpus:
    """A folder where the study at small scale looks for its corpus."""

    def __init__(self, workspace: Workspace):
        self.folder = workspace.folder / "data" / "maccrobat"
        self.folder.mkdir(parents=True)

    def add(self, name: str, text: str | None, ann: str | None) -> None:
        """One document; None: without that file. Line ends stay as they are."""
        for suffix, content in ((".txt", text), (".ann", ann)):
            if content is not None:
                (self.folder / f"{name}{suffix}").write_bytes(content.encode())

    def add_sound(self, number: int) -> None:
        """So many documents without fault, each with an age of its own."""
        for age in range(20, 20 + number):
            text, mentions = TEXT.replace("61", str(age)), MENTIONS | {"Age": f"{age}-year-old"}
            self.add(f"sound-{age}", text, annotation(text, mentions))


@pytest.fixture
def corpus(workspace) -> Corpus:
    return Corpus(workspace)


@pytest.mark.parametrize(
    ("text", "ann", "sentence"),
    [
        (None, annotation(TEXT, MENTIONS), "bad.ann: there is no bad.txt beside it; expected the annotated text"),
        (
            TEXT,
            annotation(TEXT, MENTIONS) + "T9\tMedication 60 67\taspirin\n",
            "bad.ann, line 5: T9 ends at 67, past the end of the text, which has 62 characters",
        ),
        (
            TEXT,
            annotation(TEXT, {"Sex": "man"}, shift=1),
            'bad.ann, line 1: T1 is "man", but at 15 to 18 the text has "an "',
        ),
        (
            ASTRAL + TEXT,
            annotation(ASTRAL + TEXT, {"Sex": "man"}, shift=2),
            'T1 is "man", but at 44 to 47 the text has "n p"; offsets must count code points',
        ),
        (
            TEXT,
            "T1\tSex 14-17\tman\n",
            "bad.ann, line 1: cannot be read; expected id, tab, type and offsets, tab, text (T1<TAB>Age 8 10<TAB>28)",
        ),
    ],
    ids=["no text file", "offsets outside", "other surface", "offsets of UTF-16", "unreadable line"],
)
def test_annotations_that_cannot_be_used(workspace, corpus, text, ann, sentence):
    corpus.add("bad", text, ann)
    assert sentence in workspace.refuse(*ONCE)
    assert workspace.files() == []


def test_a_corpus_that_is_not_there(workspace):
    sentence = workspace.refuse(*ONCE)
    assert (
        "data/maccrobat: no such folder. MACCROBAT 2020 is at https://doi.org/10.6084/m9.figshare.9764942" in sentence
    )


def test_too_few_documents(workspace, corpus):
    corpus.add_sound(2)
    assert "the validation split would be empty: 2 documents are too few to split; add more" in workspace.refuse(*ONCE)
    assert workspace.files() == []


def test_odd_documents_are_kept_or_left_out_and_counted(workspace, corpus):
    """All in one corpus, since none of them ends the run."""
    corpus.add_sound(8)
    corpus.add("unknown-lines", TEXT + "1", annotation(TEXT, MENTIONS) + "Read by two.\nnonsense\n#1\tNote T1\tx\n")
    corpus.add("empty", " \n", "")
    corpus.add("not-annotated", TEXT + "2", None)
    corpus.add("no-entities", "Nothing of note was found.\n", "")
    crlf = TEXT.replace("\n", "\r\n") + "3"
    corpus.add("crlf-counted", crlf, annotation(crlf, MENTIONS).replace("\n", "\r\n"))
    corpus.add("crlf-not-counted", crlf + "4", annotation(TEXT, MENTIONS))
    corpus.add("astral", ASTRAL + TEXT, annotation(ASTRAL + TEXT, MENTIONS))
    corpus.add("single", TEXT + "He was a farmer.", annotation(TEXT + "He was a farmer.", {"Occupation": "farmer"}))
    corpus.add("12345678", TEXT + "5", annotation(TEXT, MENTIONS))
    corpus.add("again_12345678", TEXT + "6", annotation(TEXT, MENTIONS))
    corpus.add("sound-20-copied", TEXT.replace("61", "20").upper(), "")
    output = workspace.succeed(*ONCE)

    rows = [
        row
        for split in ("train", "validation", "test")
        for row in read_jsonl(workspace.folder / f"{DATA}/{split}.jsonl")
    ]
    by_id = {row["id"]: row for row in rows}
    for row in rows:
        assert [row["text"][start:end] for start, end in row["offsets"]] == row["words"]
        found = {
            e["label"]: row["text"][row["offsets"][e["first"]][0] : row["offsets"][e["last"] - 1][1]]
            for e in row["entities"]
        }
        assert found.items() <= (MENTIONS | {"Age": found.get("Age"), "Occupation": "farmer"}).items()
    for name in ("crlf-counted", "crlf-not-counted", "astral", "unknown-lines"):
        assert [e["label"] for e in by_id[name]["entities"]] == list(MENTIONS)
    assert (by_id["no-entities"]["entities"], set(by_id["no-entities"]["tags"])) == ([], {"O"})
    assert len(by_id) == len(rows) == 8 + 7  # sound ones and the odd ones that are kept

    manifest = workspace.json(f"{DATA}/manifest.json")
    assert manifest["corpus"]["unknown_lines"] == 2
    assert "unknown-lines.ann, line 5: no annotation, left alone" in output
    assert manifest["corpus"]["without_mentions"] == ["no-entities"]
    assert {item["reason"]: item["count"] for item in manifest["dropped"]} == {
        "no text": 1,
        "no .ann file": 1,
        "twin: same PMID as a document that is kept": 1,
        "twin: same text as a document that is kept": 1,
    }
    assert manifest["twins"]["dropped"] == 2
    assert manifest["types"]["Occupation"]["mentions"] == 1
    assert sum(manifest["types"]["Occupation"]["documents"].values()) == 1
    assert "type Occupation, of 1 mention, does not stand in validation and test" in output
    assert manifest["leakage"]["text"]["twins"] == manifest["leakage"]["pmid"]["twins"] == 0
