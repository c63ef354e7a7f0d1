"""What every job of the workflow does before and after its work: log, threads, offline mode."""

import contextlib
import gc
import hashlib
import logging
import os
import shutil
import sys
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

from medtune.errors import InputError, PassingError
from medtune.files import write_text

THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
REFUSALS = "MEDTUNE_REFUSALS"
"""Environment variable that names the folder of what jobs of this run were refused for; rules/common.smk sets it."""
LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


@contextlib.contextmanager
def job(log: Sequence[str] | str | None, threads: int = 1, offline: bool = True) -> Iterator[None]:
    """Run the body of a `script:` job.

    log: Snakemake's `log` (its first file is used); everything logged or warned goes there, and
    stderr too, so that a failed job's last words are on the screen and in the file.
    threads: limit of the numeric libraries; set before they are imported, so import them inside.
    offline: compute nodes have no internet, so the Hugging Face hub is not asked for anything.

    An `InputError` ends the process with its sentence and exit status 1, any other exception
    with its traceback in the log. Snakemake's further attempts, which are for jobs that were killed or ran out of
    memory, end at once where an earlier attempt in the same run was refused its input.
    """
    for variable in THREAD_VARIABLES:
        os.environ[variable] = str(threads)
    # Spinning threads of two jobs fight over the cores: generation was several times slower with them.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # On import bitsandbytes asks for compiled kernels, which loads the compiler for a second in each job that knows
    # PEFT; on a GPU its own kernels are used.
    os.environ.setdefault("TORCHDYNAMO_DISABLE", "1")
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    os.environ["TQDM_DISABLE"] = "1"  # progress bars fill a log with one endless line
    os.environ["HF_HUB_OFFLINE"] = "1" if offline else "0"
    _log_to(log)
    refusal = _refusal(log)
    if refusal and refusal.is_file():
        _quietly("%s (not tried again: bad input does not change by itself)", refusal.read_text(encoding="utf-8"))
        sys.exit(1)
    try:
        yield
        gc.freeze()  # the process ends: to search all that it has loaded for garbage would take half a second
    except InputError as error:
        logging.getLogger("medtune").error("%s", error)
        if refusal and not isinstance(error, PassingError):
            write_text(refusal, str(error))
        sys.exit(1)
    except Exception:
        logging.getLogger("medtune").exception("the job failed")
        sys.exit(1)


def allow_retries(refusals: Path) -> None:
    """Before any job: forget what jobs of earlier runs were refused. refusals: a folder for their sentences."""
    shutil.rmtree(refusals, ignore_errors=True)


def _refusal(log: Sequence[str] | str | None) -> Path | None:
    """Where the sentence of a job that is refused its input stands; named by its log, since no two jobs share one."""
    path = log if isinstance(log, str) else (log[0] if log else None)
    folder = os.environ.get(REFUSALS)
    return Path(folder, hashlib.sha256(path.encode()).hexdigest()[:16]) if folder and path else None


def _quietly(message: str, *arguments: object) -> None:
    """Log an error to the file alone: it stood on the screen before."""
    logger = logging.getLogger()
    for handler in list(logger.handlers):
        if not isinstance(handler, logging.FileHandler):
            logger.removeHandler(handler)
    logging.getLogger("medtune").error(message, *arguments)


def _log_to(log: Sequence[str] | str | None) -> None:
    """Send all logging, warnings included, to stderr and to the first log file."""
    handlers: list[logging.Handler] = [logging.StreamHandler()]
    path = log if isinstance(log, str) else (log[0] if log else None)
    if path:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        handlers.append(logging.FileHandler(path, encoding="utf-8"))
    logging.basicConfig(level=logging.INFO, format=LOG_FORMAT, handlers=handlers, force=True)
    logging.captureWarnings(True)
    warnings.simplefilter("default")
    quieten()


def quieten() -> None:
    """Leave out what libraries say over and over, or advise without need. Call it before they are imported."""
    for noisy in ("matplotlib", "urllib3", "filelock", "fsspec"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # Advises to install `kernels`, which would fetch code from the hub; its own code does the same work.
    logging.getLogger("bitsandbytes.backends.cpu.ops").setLevel(logging.ERROR)
    # int8: said at every matrix product; the cast is how LLM.int8() works.
    logging.getLogger("bitsandbytes.autograd._functions").addFilter(_is_no_cast)


def _is_no_cast(record: logging.LogRecord) -> bool:
    return "inputs will be cast" not in str(record.msg)
