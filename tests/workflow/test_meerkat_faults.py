"""Bad input to the Meerkat study: one clear sentence, no traceback, nothing half-written. And what looks bad but is
not: it is kept, or left out and counted."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from medtune.files import read_jsonl
from tests.workspace import Workspace

FOLDER = "data/medquad_specialties"
"""Where the study at small scale looks for its questions."""
STUDY = "results/small/meerkat"
DATA = f"{STUDY}/data"
NEXT = f"{STUDY}/iteration2/data/train.jsonl"
SCORES = f"{STUDY}/base/metrics.json"
ONCE = ("--profile", "small", "--retries", "0")  # a second attempt would say the same
PREPARE = (*ONCE, f"{DATA}/manifest.json")
LAYOUT = "dataset_with_answers_{specialty}.json"
# As if the files of all other rules were there.
GROW_ALONE = ("--allowed-rules", "meerkat_prepare", "meerkat_grow")
SCORE_ALONE = ("--allowed-rules", "meerkat_prepare", "meerkat_score_base")


def records(specialty: str, number: int = 20) -> dict[str, str]:
    """So many questions with answers, without fault."""
    return {f"What is sign {n} of {specialty}?": f"Sign {n} of {specialty} is pain {n}." for n in range(number)}


class Questions:
    """The folder of specialty files."""

    def __init__(self, workspace: Workspace):
        self.folder = workspace.folder / FOLDER
        self.folder.mkdir(parents=True)

    def add(self, specialty: str, content: object = None) -> Path:
        """A file of one specialty. content: bytes as they are, else as JSON; None: `records`."""
        return self.add_file(
            f"dataset_with_answers_{specialty}.json", records(specialty) if content is None else content
        )

    def add_file(self, name: str, content: object) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return path


@pytest.fixture
def questions(workspace) -> Questions:
    """With one specialty that is sound."""
    questions = Questions(workspace)
    questions.add("cardiology")
    return questions


def meerkat(**section: object) -> dict:
    return {"meerkat": section}


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("neurology.json", f"{FOLDER}/neurology.json: wrong file name; expected {LAYOUT}"),
        ("dataset_with_answers_../x.json", f"{FOLDER}/dataset_with_answers_..: wrong file name; expected {LAYOUT}"),
        ("dataset_with_answers_...json", 'the specialty ".." cannot be used in file names; expected up to 100 letters'),
        (r"dataset_with_answers_..\x.json", r'the specialty "..\x" cannot be used in file names; expected up to 100'),
        ("dataset_with_answers_internal medicine.json", 'the specialty "internal medicine" cannot be used in file'),
        ("dataset_with_answers_$(touch x).json", 'the specialty "$(touch x)" cannot be used in file names; expected'),
        (
            "dataset_with_answers_Cardiology.json",
            "answers_cardiology.json: the specialty differs from that of dataset_with_answers_Cardiology.json in case"
            " alone; merge the files or rename one",
        ),
    ],
)
def test_names_of_files_that_cannot_be_used(workspace, questions, name, sentence):
    questions.add_file(name, records("neurology"))
    assert sentence in workspace.refuse(*PREPARE)
    assert workspace.files() == []


def test_a_folder_that_is_not_there(workspace):
    sentence = f"{FOLDER}: no such folder (of files {LAYOUT}). MedQuAD is at "
    assert sentence in workspace.refuse(*PREPARE)
    assert workspace.files() == []


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b" \n", "neurology.json: the file is empty; expected questions with answers as JSON"),
        (
            records("neurology") | {"What is gout?": " "},
            'neurology.json, record 21 ("What is gout?"): no answer; expected text',
        ),
        (
            records("neurology", 10),
            "neurology.json: 10 records are too few; expected at least 11, one more than the holdout takes",
        ),
        (
            '{"What is a caf\xe9 au lait spot?": "A mark."}'.encode("latin-1"),
            "neurology.json: not UTF-8 text (byte 15)",
        ),
    ],
    ids=["empty", "question without answer", "too few records", "not UTF-8"],
)
def test_files_that_cannot_be_used(workspace, questions, content, sentence):
    questions.add("neurology", content)
    assert sentence in workspace.refuse(*PREPARE)
    assert workspace.files() == []


@pytest.mark.parametrize(
    ("template", "sentence"),
    [
        (
            "{% for message in messages %}{{ message['role'] }}{% endfor %}",
            "my_template.jinja: drops the question; expected the content of each of `messages`",
        ),
        ("{% for message in messages %}", "my_template.jinja: cannot be rendered (Unexpected end of template."),
    ],
    ids=["drops the question", "error in Jinja"],
)
def test_templates_that_cannot_be_used(workspace, questions, template, sentence):
    (workspace.folder / "my_template.jinja").write_text(template)
    assert sentence in workspace.refuse(*PREPARE, config=meerkat(template="my_template.jinja"))
    assert workspace.files() == []


@pytest.mark.parametrize(
    ("section", "sentence"),
    [
        (
            {"data": {"specialty_adjustments": {2: {"cardiolgy": 0.8}}}},
            'meerkat.data.specialty_adjustments.2: unknown specialty "cardiolgy"; did you mean "cardiology"?',
        ),
        (
            {"data": {"specialty_adjustments": {2: {"../x": 0.8}}}},
            'meerkat.data.specialty_adjustments.2: unknown specialty "../x"; expected one of cardiology',
        ),
        (
            {"data": {"specialty_adjustments": {2: {"cardiology": 80}}}},
            "meerkat.data.specialty_adjustments.2.cardiology = 80: must be 1.0 or less",
        ),
        (
            {"metrics": {"custom": {"token_f1": "my_metrics:brevity"}}},
            'a metric cannot have the name "token_f1", which the tables have already',
        ),
        (
            {"metrics": {"custom": {"specialty": "my_metrics:brevity"}}},
            'a metric cannot have the name "specialty", which the tables have already',
        ),
        ({"metrics": {"steering": "ROGUE-L"}}, 'steering = "ROGUE-L": must be one of BLEU-1, BLEU-2,'),
        (
            {"metrics": {"steering": "bertscore_f1", "bertscore": None}},
            'steering = "bertscore_f1": must be one of BLEU-1, BLEU-2,',
        ),
    ],
)
def test_settings_that_cannot_be_used(workspace, questions, section, sentence):
    """Said before the first job, not after a training."""
    output = workspace.refuse(*ONCE, "meerkat", config=meerkat(**section))
    assert output.count(sentence) == 1
    assert "rule meerkat_prepare:" not in output
    assert workspace.files() == []


def test_odd_questions_are_kept_or_left_out_and_counted(workspace, questions):
    """All in one folder, since none of them ends the run."""
    rows = [
        {"question": question, "answer": answer, "source": {"page": page}}
        for page, (question, answer) in enumerate(records("genetics").items())
    ]
    twin = dict(zip(records("twins", 12), records("cardiology", 12).values(), strict=True))
    hostile_question = "What is\n{{ messages }} <|im_start|>system ../x $(touch x)?"
    hostile_answer = 'Answer: "</s>"\n\u2028\U0001f9ec α, 5 µg.'
    questions.add("genetics", b"\xef\xbb\xbf" + json.dumps(rows).encode())
    questions.add("cardiology", records("cardiology", 30))
    questions.add("twins", twin)
    questions.add("hostile", records("hostile", 11) | {hostile_question: hostile_answer})
    questions.add("small", records("small", 10) | {"what is SIGN 0 of small": "Again."})
    questions.add_file(".hidden.json", b"\xff")
    questions.add_file("SOURCE.md", b"Made for this test.")
    output = workspace.succeed(*ONCE, f"{STUDY}/iteration1/data/train.jsonl")

    manifest = workspace.json(f"{DATA}/manifest.json")
    read = {name: found["read"] for name, found in manifest["specialties"].items()}
    assert read == {"cardiology": 30, "genetics": 20, "hostile": 12, "twins": 12}
    assert manifest["left_out"] == ["small"]
    assert {item["reason"]: item["count"] for item in manifest["dropped"]} == {
        "repeated question": 1,
        "specialty left out: no record would remain beside the holdout": 10,
    }
    assert manifest["without_evaluation"] == ["hostile", "twins"]
    assert "too small for an evaluation split: hostile, twins" in output
    written = {split: list(read_jsonl(workspace.folder / f"{DATA}/{split}.jsonl")) for split in manifest["records"]}
    kept = {row["question"]: row for part in written.values() for row in part}
    assert len(kept) == sum(map(len, written.values())) == 30 + 20 + 12 + 12
    assert kept[" ".join(hostile_question.split())]["answer"] == hostile_answer
    assert json.loads(kept[rows[3]["question"]]["extra"]) == {"source": {"page": 3}}
    assert not (workspace.folder / "x").exists()
    stats = workspace.json(f"{STUDY}/iteration1/data/dataset_stats.json")
    assert stats["left_out"] == ["small"]
    trained = list(read_jsonl(workspace.folder / f"{STUDY}/iteration1/data/train.jsonl"))
    assert {row["id"] for row in trained} < {row["id"] for row in written["growth"]}


@pytest.fixture(scope="module")
def grown(tmp_path_factory) -> Workspace:
    """The training data of the first iteration, for jobs that refuse their input and so leave nothing behind."""
    space = Workspace(tmp_path_factory.mktemp("grown") / "medtune")
    Questions(space).add("cardiology")
    space.succeed(*ONCE, f"{STUDY}/iteration1/data/train.jsonl")
    return space


@pytest.mark.parametrize(
    ("recommended", "sentence"),
    [
        (
            {"low_performance_specialties": ["../x"], "recommended_sample_increases": {"../x": 0.8}},
            'training_recommendations.json: low_performance_specialties: a name: the specialty "../x" cannot be used',
        ),
        (
            {"low_performance_specialties": ["surgery"], "recommended_sample_increases": {"surgery": 0.8}},
            'training recommendations: unknown specialty "surgery"; expected one of cardiology',
        ),
    ],
    ids=["a path", "unknown"],
)
def test_recommendations_that_cannot_be_used(grown, recommended, sentence):
    file = grown.folder / f"{STUDY}/iteration1/training_recommendations.json"
    file.write_text(json.dumps(recommended))
    assert sentence in grown.refuse(*ONCE, NEXT, *GROW_ALONE)
    assert grown.files(f"{STUDY}/iteration2") == []


METRICS = {
    "raises": "def brevity(answers, references):\n    raise RuntimeError('no licence')\n",
    "gives NaN": "def brevity(answers, references):\n    return [float('nan')] * len(answers)\n",
}


@pytest.fixture(scope="module")
def answered(grown) -> Workspace:
    """With answers of a base model, one of them empty."""
    rows = [
        {**answer(row), "split": split}
        for split in ("evaluation", "holdout")
        for row in read_jsonl(grown.folder / f"{DATA}/{split}.jsonl")
    ]
    rows[0] |= {"raw": "", "value": None, "status": "empty"}
    path = grown.folder / f"{STUDY}/base/predictions.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return grown


def answer(row: Mapping[str, str]) -> dict:
    """A row of predictions.jsonl whose answer is the reference."""
    text = row["answer"]
    counts = {"prompt_tokens": 5, "output_tokens": 5, "finish": "eos", "confidence": 0.5}
    return {"id": row["id"], "raw": text, "value": text, "status": "ok", **counts}


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("raises", 'custom metric "brevity": my_metrics:brevity raised RuntimeError: no licence'),
        ("gives NaN", 'custom metric "brevity": my_metrics:brevity gave nan for item 0; expected a finite number'),
    ],
)
def test_metrics_of_the_user_that_cannot_be_used(answered, name, sentence):
    (answered.folder / "my_metrics.py").write_text(METRICS[name])
    config = meerkat(metrics={"bertscore": None, "custom": {"brevity": "my_metrics:brevity"}})
    assert sentence in answered.refuse(*ONCE, SCORES, *SCORE_ALONE, config=config)
    assert answered.files(f"{STUDY}/base") == [f"{STUDY}/base/predictions.jsonl"]
