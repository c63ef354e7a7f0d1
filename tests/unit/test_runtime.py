"""What a job leaves in its log and says to its caller, seen from outside the process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from medtune.runtime import allow_retries

SCRIPTS = Path(__file__).parents[2] / "workflow" / "scripts"


def run(body: str, log: Path, threads: int = 1, refusals: Path | str = "") -> subprocess.CompletedProcess:
    """Run a job with this body in a process of its own."""
    code = (
        f"import sys; sys.path.insert(0, {str(SCRIPTS)!r})\n"
        "from medtune.errors import InputError, PassingError\nfrom medtune.runtime import job\n"
        f"with job([{str(log)!r}], {threads}):\n    {body}\n"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("OMP", "HF"))}
    environment["MEDTUNE_REFUSALS"] = str(refusals)
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)


def test_an_input_error_is_one_sentence_in_log_and_on_screen(tmp_path):
    done = run("raise InputError('data.json, line 3: not valid JSON')", tmp_path / "logs" / "job.log")
    assert done.returncode == 1
    for text in (done.stderr, (tmp_path / "logs" / "job.log").read_text()):
        assert text.strip().endswith("data.json, line 3: not valid JSON")
        assert "Traceback" not in text


def test_a_file_name_that_is_no_text_can_stand_in_the_sentence(tmp_path):
    done = run(r"raise InputError('a\udcff.json: wrong')", tmp_path / "job.log", refusals=tmp_path)
    assert done.returncode == 1
    for text in (done.stderr, (tmp_path / "job.log").read_text()):
        assert r"a\udcff.json: wrong" in text and "Traceback" not in text


def test_any_other_exception_leaves_its_traceback_in_the_log(tmp_path):
    done = run("{}['missing']", tmp_path / "job.log")
    assert done.returncode == 1
    assert "KeyError: 'missing'" in (tmp_path / "job.log").read_text()


def test_warnings_reach_the_log(tmp_path):
    run("import warnings; warnings.warn('look here')", tmp_path / "job.log")
    assert "look here" in (tmp_path / "job.log").read_text()


INT8 = """
    import bitsandbytes, torch
    layer = bitsandbytes.nn.Linear8bitLt(64, 64, has_fp16_weights=False).to("cpu")
    for _ in range(3):
        layer.train()(torch.ones(2, 64, requires_grad=True)).sum().backward()
        layer.eval()(torch.ones(2, 64))
    import logging; logging.getLogger("bitsandbytes.autograd._functions").warning("something else")
    import sys; assert "torch._inductor.compile_fx" not in sys.modules, "the compiler is loaded"
"""


def test_int8_neither_floods_the_log_nor_advises_packages(tmp_path):
    done = run(INT8, tmp_path / "job.log")
    log = (tmp_path / "job.log").read_text()
    assert done.returncode == 0, log
    assert "MatMul8bitLt" not in log and "kernels" not in log
    assert "something else" in log


def test_threads_and_offline_mode_are_set_before_the_work_begins(tmp_path):
    body = "import os; print(os.environ['OMP_NUM_THREADS'], os.environ['HF_HUB_OFFLINE'])"
    assert run(body, tmp_path / "job.log", threads=3).stdout.split() == ["3", "1"]


def test_a_job_that_ends_well_says_nothing(tmp_path):
    done = run("pass", tmp_path / "job.log")
    assert (done.returncode, done.stderr) == (0, "")


def test_the_end_of_a_job_searches_for_no_garbage(tmp_path):
    done = run("import atexit, gc; atexit.register(lambda: print(len(gc.get_objects())))", tmp_path / "job.log")
    assert int(done.stdout) < 100


def test_input_that_was_refused_is_not_looked_at_again_in_the_same_run(tmp_path):
    refusals, log = tmp_path / "refused", tmp_path / "job.log"
    run("raise InputError('data.json: broken')", log, refusals=refusals)
    log.unlink()  # as Snakemake does before each attempt
    done = run("print('worked')", log, refusals=refusals)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", ""), "no work, and not said twice"
    assert "data.json: broken (not tried again" in log.read_text()
    assert run("print('worked')", tmp_path / "other.log", refusals=refusals).returncode == 0

    allow_retries(refusals)
    assert run("print('worked')", log, refusals=refusals).stdout == "worked\n"


@pytest.mark.parametrize(
    "failure", ["raise PassingError('no answer')", "raise MemoryError", "import os; os._exit(137)"]
)
def test_what_may_pass_is_tried_again(tmp_path, failure):
    refusals, log = tmp_path / "refused", tmp_path / "job.log"
    assert run(failure, log, refusals=refusals).returncode != 0
    assert run("print('worked')", log, refusals=refusals).stdout == "worked\n"
