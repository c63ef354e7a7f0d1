import struct
import subprocess
import sys
from pathlib import Path

import pytest

from medtune.config import Tracking
from medtune.tracking import track
from tests.conftest import ROOT

KEY = "0123456789abcdef0123456789abcdef01234567"


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
    with track(Tracking(mode="offline", log_artifacts=True), "tiny-rank8", {"seed": 42}, folder) as tracker:
        tracker.log({"loss": 1.5}, 1)
        tracker.log({"loss": 0.5}, 2)
        tracker.log_texts("examples", [{"prompt": "the patient's words"}])
        tracker.summarize({"best_step": 2})
        tracker.log_model("tiny-rank8", [weights])
    patch.undo()
    (path,) = folder.glob("wandb/offline-run-*")
    return path


def test_disabled_tracking_does_not_import_the_client(tmp_path):
    program = (
        "import sys; from medtune.config import Tracking; from medtune.tracking import track\n"
        f"with track(Tracking(), 'tiny', {{}}, {str(tmp_path)!r}) as tracker:\n"
        "    tracker.log({'loss': 1.0}, 1); tracker.summarize({}); tracker.log_texts('t', [{'a': 'b'}])\n"
        "    tracker.log_model('a', [])\n"
        "assert 'wandb' not in sys.modules"
    )
    subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": str(ROOT / "workflow" / "scripts")}, check=True, timeout=60
    )
    assert not list(tmp_path.iterdir())


def test_an_offline_run_holds_name_config_steps_and_artifact(run):
    found = records(run)
    (started,) = [record.run for record in found if record.WhichOneof("record_type") == "run"]
    assert started.display_name.startswith("tiny-rank8 20")
    assert started.project == "medtune"
    assert "42" in {item.value_json for item in started.config.update if item.key == "seed"}
    history = [
        {item.key or ".".join(item.nested_key): item.value_json for item in record.history.item}
        for record in found
        if record.WhichOneof("record_type") == "history"
    ]
    assert [(row["_step"], row["loss"]) for row in history] == [("1", "1.5"), ("2", "0.5")]
    content = b"".join(record.SerializeToString() for record in found)
    assert b"adapter_model.safetensors" in content and b"best_step" in content


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
        track(Tracking(mode="offline"), "tiny", {}, tmp_path),
    ):
        raise ZeroDivisionError
    (run,) = tmp_path.glob("wandb/offline-run-*")
    (code,) = [record.exit.exit_code for record in records(run) if record.WhichOneof("record_type") == "exit"]
    assert code == 1
