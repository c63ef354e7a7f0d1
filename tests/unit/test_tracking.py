import json
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from medtune.config import Tracking
from medtune.config.layers import merge, read_layers
from medtune.config_check import load_config
from medtune.reporting.tracking import TrackedRun, prediction_texts, summary_figures, track
from medtune.studies.tracked_runs import tracked_run, tracking_of
from tests.conftest import ROOT

KEY = "0123456789abcdef0123456789abcdef01234567"
TRAINED = TrackedRun("tiny", "yesno", "rank8-seed43", "tiny-qwen3", 43, "train", {"rank": "8"})


def records(run):
    """The records of an offline run, read as `wandb sync` reads them: a log of blocks of 32 KiB (LevelDB's format)."""
    from wandb.proto.wandb_internal_pb2 import Record

    (path,) = run.glob("*.wandb")
    data = path.read_bytes()
    assert data[:4] == b":W&B"
    position, partial, found = 7, b"", []
    while position + 7 <= len(data):
        left = 32768 - position % 32768
        if left < 7:
            position += left
            continue
        length, kind = struct.unpack("<HB", data[position + 4 : position + 7])
        partial += data[position + 7 : position + 7 + length]
        position += 7 + length
        if kind in (1, 4):  # the whole of a record, or its last part
            found.append(Record.FromString(partial))
            partial = b""
    return found


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of an offline run with everything but text allowed."""
    folder = tmp_path_factory.mktemp("tracked")
    weights = folder / "adapter_model.safetensors"
    weights.write_bytes(b"weights")
    patch = pytest.MonkeyPatch()
    patch.setenv("WANDB_API_KEY", KEY)
    with track(Tracking(mode="offline", log_artifacts=True), TRAINED, {"steps": 2}, folder) as tracker:
        tracker.log({"loss": 1.5}, 1)
        tracker.log({"loss": 0.5}, 2)
        tracker.log_texts("examples", [{"prompt": "the patient's words"}])
        tracker.summarize({"best_step": 2})
        tracker.log_model([weights])
    patch.undo()
    (path,) = folder.glob("wandb/offline-run-*")
    return path


def test_disabled_tracking_does_not_import_the_client(tmp_path):
    program = (
        "import sys; from medtune.config import Tracking; from medtune.reporting.tracking import TrackedRun, track\n"
        f"run = TrackedRun('tiny', 'yesno', 'base', 'tiny-qwen3', 42, 'test')\n"
        f"with track(Tracking(), run, {{}}, {str(tmp_path)!r}) as tracker:\n"
        "    tracker.log({'loss': 1.0}, 1); tracker.summarize({}); tracker.log_texts('t', [{'a': 'b'}])\n"
        "    tracker.log_model([])\n"
        "assert 'wandb' not in sys.modules"
    )
    subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": str(ROOT / "workflow" / "scripts")}, check=True, timeout=60
    )
    assert not list(tmp_path.iterdir())


def test_an_offline_run_holds_name_config_steps_and_artifact(run):
    found = records(run)
    (started,) = [record.run for record in found if record.WhichOneof("record_type") == "run"]
    assert started.display_name.startswith("tiny-qwen3 tiny/yesno/rank8-seed43 seed43 train 20")
    assert (started.project, started.run_group, started.job_type) == ("medtune", "tiny/yesno/rank8-seed43", "train")
    assert list(started.tags) == ["tiny", "yesno", "rank=8", "seed=43"]
    told = {item.key: json.loads(item.value_json) for item in started.config.update}
    assert (told["study"], told["scale"], told["rank"], told["seed"], told["steps"]) == ("yesno", "tiny", "8", 43, 2)
    assert TRAINED.artifact == "tiny-yesno-rank8-seed43"
    history = [
        {item.key or ".".join(item.nested_key): item.value_json for item in record.history.item}
        for record in found
        if record.WhichOneof("record_type") == "history"
    ]
    assert [(row["_step"], row["loss"]) for row in history] == [("1", "1.5"), ("2", "0.5")]
    content = b"".join(record.SerializeToString() for record in found)
    assert b"adapter_model.safetensors" in content and b"best_step" in content


METRICS = {
    "test": {
        "n": 12,
        "accuracy": {"value": 0.75, "low": 0.46, "high": 0.91, "n": 12, "method": "wilson"},
        "micro": {"strict": {"f1": {"value": 0.5, "low": 0.2, "high": 0.8, "n": 12, "method": "t"}}},
        "ece": {"value": None, "low": None, "high": None, "n": 0, "method": "none"},
        "confusion": {"Yes": {"Yes": 4, "No": 1}},
    }
}
EXAMPLES = {"test": [{"id": "a", "question": "Does the patient's aspirin help?", "label": "Yes"}]}
ANSWERS = {"test": [{"id": "a", "split": "test", "raw": "No. Rationale: none.", "status": "ok"}]}
TEXTS = [
    {
        "id": "a",
        "split": "test",
        "example": '{"question": "Does the patient\'s aspirin help?", "label": "Yes"}',
        "output": "No. Rationale: none.",
        "status": "ok",
    }
]


def test_figures_of_a_summary_are_those_with_an_interval():
    ends = {"": 0.75, "/low": 0.46, "/high": 0.91}, {"": 0.5, "/low": 0.2, "/high": 0.8}
    accuracy = {f"test/accuracy{end}": value for end, value in ends[0].items()}
    assert summary_figures(METRICS) == accuracy | {f"test/micro/strict/f1{end}": v for end, v in ends[1].items()}


def test_predictions_are_a_row_each():
    assert list(prediction_texts(ANSWERS, EXAMPLES)) == TEXTS
    (tagged,) = prediction_texts(
        {"test": [{"id": "d", "tags": ["O", "B-Age"]}]}, {"test": [{"id": "d", "words": ["65"]}]}
    )
    assert tagged == {
        "id": "d",
        "split": "test",
        "example": '{"words": ["65"]}',
        "output": '["O", "B-Age"]',
        "status": "ok",
    }


def test_no_row_is_made_where_no_text_is_logged(tmp_path):
    rows = prediction_texts(ANSWERS, EXAMPLES)
    with track(Tracking(mode="disabled", log_text=True), TRAINED, {}, tmp_path) as tracker:
        tracker.log_texts("predictions", rows)
    assert list(rows) == TEXTS


@pytest.mark.parametrize("log_text", [False, True])
def test_the_test_run_holds_figures_as_its_summary_and_predictions_only_where_asked_for(tmp_path, log_text):
    tested = TrackedRun("tiny", "yesno", "rank8-seed43", "tiny-qwen3", 43, "test", {"rank": "8"})
    with track(Tracking(mode="offline", log_text=log_text), tested, {}, tmp_path) as tracker:
        tracker.summarize(summary_figures(METRICS))
        tracker.log_texts("predictions", prediction_texts(ANSWERS, EXAMPLES))
    (folder,) = tmp_path.glob("wandb/offline-run-*")
    found = records(folder)
    (started,) = [record.run for record in found if record.WhichOneof("record_type") == "run"]
    assert (started.run_group, started.job_type) == (TRAINED.group, "test")
    summary = {
        item.key or ".".join(item.nested_key): json.loads(item.value_json)
        for record in found
        if record.WhichOneof("record_type") == "summary"
        for item in record.summary.update
    }
    assert summary_figures(METRICS).items() <= summary.items()
    tables = list(folder.glob("files/media/table/*.json"))
    assert len(tables) == log_text
    content = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert (b"aspirin" in content) == (b"Rationale" in content) == log_text
    for table in tables:
        assert json.loads(table.read_text()) | {"ncols": 5, "nrows": 1} == {
            "columns": list(TEXTS[0]),
            "data": [list(TEXTS[0].values())],
            "ncols": 5,
            "nrows": 1,
        }


CONFIG = load_config(merge(read_layers([ROOT / "config/config.yaml", ROOT / "config/tiny.yaml"], [], [])))
JOBS = {
    ("yesno", "base"): {},
    ("yesno", "practised"): {},
    ("yesno", "rank4"): {"rank": "4", "replicate": ""},
    ("yesno", "rank4-seed43"): {"rank": "4", "replicate": "-seed43"},
    ("yesno", "rank8"): {"rank": "8", "replicate": ""},
    ("radgraph", "OBS-DA"): {"entity": "OBS-DA"},
    ("radgraph", "OBS-DA/base"): {"entity": "OBS-DA"},
    ("radgraph", "OBS-U"): {"entity": "OBS-U"},
    ("meerkat", "iteration1"): {"iteration": "1"},
    ("meerkat", "iteration2"): {"iteration": "2"},
    ("relations", "default"): {"run": "default"},
    ("relations", "schema"): {"run": "schema"},
    ("relations", "schema-seed43"): {"run": "schema-seed43"},
    ("maccrobat", "tiny-bert/lr0.003"): {"encoder": "tiny-bert", "lr": "0.003", "replicate": ""},
    ("maccrobat", "tiny-bert/lr0.003-seed43"): {"encoder": "tiny-bert", "lr": "0.003", "replicate": "-seed43"},
    ("maccrobat", "tinier-bert/lr0.003"): {"encoder": "tinier-bert", "lr": "0.003", "replicate": ""},
}


def tracked_jobs():
    """Train and test job of each model; some are never trained, which does no harm here."""
    return [
        tracked_run(CONFIG, study, f"results/tiny/{study}/{folder}/metrics.json", wildcards, job)
        for (study, folder), wildcards in JOBS.items()
        for job in ("train", "test")
    ]


def test_no_two_runs_share_a_name_or_a_configuration():
    runs = tracked_jobs()
    assert len({run.name for run in runs}) == len(runs)
    assert len({json.dumps(run.config) for run in runs}) == len(runs)
    assert len({run.group for run in runs}) == len({run.artifact for run in runs}) == len(JOBS)


def test_the_configuration_tells_what_a_run_is():
    told = {run.group: run.config for run in tracked_jobs()}
    facts = {
        "tiny/yesno/rank4-seed43": {"rank": "4", "seed": 43, "base_model": "tiny-qwen3"},
        "tiny/radgraph/OBS-DA": {"entity": "OBS-DA", "seed": 42, "base_model": "tiny-qwen3-reports"},
        "tiny/meerkat/iteration2": {"iteration": "2"},
        "tiny/relations/schema-seed43": {"switch": "schema", "seed": 43},
        "tiny/maccrobat/tiny-bert/lr0.003": {"encoder": "tiny-bert", "learning_rate": "0.003", "seed": 42},
    }
    for group, expected in facts.items():
        assert {**told[group], **expected, "scale": "tiny", "study": group.split("/")[1]} == told[group]
        assert not {"replicate", "lr"} & told[group].keys()


def test_a_study_may_have_a_project_of_its_own():
    assert tracking_of(CONFIG, "maccrobat").project == "Medical_NER_FineTuning"
    assert tracking_of(CONFIG, "yesno").project == "medtune"


def test_wandb_sync_accepts_the_folder(run):
    program = Path(sys.executable).with_name("wandb")
    told = subprocess.run([program, "sync", "--dry-run", run], capture_output=True, text=True, timeout=120)
    assert told.returncode == 0
    assert "Would sync 1 run" in told.stdout + told.stderr
    assert next(run.glob("*.wandb")).name in told.stdout + told.stderr


def test_neither_text_nor_key_nor_what_the_client_gathers_by_itself_is_in_the_run(run):
    import socket

    content = b"".join(path.read_bytes() for path in run.rglob("*") if path.is_file())
    assert b"the patient's words" not in content
    assert KEY.encode() not in content
    uploaded = b"".join(record.SerializeToString() for record in records(run))
    host = socket.gethostname()
    if len(host) > 4:
        assert host.encode() not in uploaded
    assert not [path for path in (run / "files").rglob("*") if path.is_file()], "no code, requirements or metadata"
    kinds = {record.WhichOneof("record_type") for record in records(run)}
    assert not kinds & {"stats", "output", "output_raw", "environment"}


def test_a_failed_body_marks_the_run_as_failed(tmp_path):
    with (
        pytest.raises(ZeroDivisionError),
        track(Tracking(mode="offline"), TRAINED, {}, tmp_path),
    ):
        raise ZeroDivisionError
    (run,) = tmp_path.glob("wandb/offline-run-*")
    (code,) = [record.exit.exit_code for record in records(run) if record.WhichOneof("record_type") == "exit"]
    assert code == 1
