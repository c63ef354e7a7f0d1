"""What a job leaves in its log and says to its caller, seen from outside the process."""

import os
import subprocess
import sys
from pathlib import Path

SCRIPTS = Path(__file__).parents[2] / "workflow" / "scripts"


def run(body: str, log: Path, threads: int = 1) -> subprocess.CompletedProcess:
    """Run a job with this body in a process of its own."""
    code = (
        f"import sys; sys.path.insert(0, {str(SCRIPTS)!r})\n"
        "from medtune.errors import InputError\nfrom medtune.runtime import job\n"
        f"with job([{str(log)!r}], {threads}):\n    {body}\n"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("OMP", "HF"))}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)


def test_an_input_error_is_one_sentence_in_log_and_on_screen(tmp_path):
    done = run("raise InputError('data.json, line 3: not valid JSON')", tmp_path / "logs" / "job.log")
    assert done.returncode == 1
    for text in (done.stderr, (tmp_path / "logs" / "job.log").read_text()):
        assert text.strip().endswith("data.json, line 3: not valid JSON")
        assert "Traceback" not in text


def test_any_other_exception_leaves_its_traceback_in_the_log(tmp_path):
    done = run("{}['missing']", tmp_path / "job.log")
    assert done.returncode == 1
    assert "KeyError: 'missing'" in (tmp_path / "job.log").read_text()


def test_warnings_reach_the_log(tmp_path):
    run("import warnings; warnings.warn('look here')", tmp_path / "job.log")
    assert "look here" in (tmp_path / "job.log").read_text()


def test_threads_and_offline_mode_are_set_before_the_work_begins(tmp_path):
    body = "import os; print(os.environ['OMP_NUM_THREADS'], os.environ['HF_HUB_OFFLINE'])"
    assert run(body, tmp_path / "job.log", threads=3).stdout.split() == ["3", "1"]


def test_a_job_that_ends_well_says_nothing(tmp_path):
    done = run("pass", tmp_path / "job.log")
    assert (done.returncode, done.stderr) == (0, "")
