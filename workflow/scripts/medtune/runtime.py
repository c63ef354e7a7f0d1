"""What every job of the workflow does before and after its work: log, threads, offline mode."""

import contextlib
import logging
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

from medtune.errors import InputError

THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


@contextlib.contextmanager
def job(log: Sequence[str] | str | None, threads: int = 1, offline: bool = True) -> Iterator[None]:
    """Run the body of a `script:` job.

    log: Snakemake's `log` (its first file is used); everything logged or warned goes there, and
    stderr too, so that a failed job's last words are on the screen and in the file.
    threads: limit of the numeric libraries; set before they are imported, so import them inside.
    offline: compute nodes have no internet, so the Hugging Face hub is not asked for anything.

    An `InputError` ends the process with its sentence and exit status 1, any other exception
    with its traceback in the log.
    """
    for variable in THREAD_VARIABLES:
        os.environ[variable] = str(threads)
    # Spinning threads of two jobs fight over the cores: generation was several times slower with them.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    os.environ["TQDM_DISABLE"] = "1"  # progress bars fill a log with one endless line
    os.environ["HF_HUB_OFFLINE"] = "1" if offline else "0"
    _log_to(log)
    try:
        yield
    except InputError as error:
        logging.getLogger("medtune").error("%s", error)
        sys.exit(1)
    except Exception:
        logging.getLogger("medtune").exception("the job failed")
        sys.exit(1)


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
    for noisy in ("matplotlib", "urllib3", "filelock", "fsspec"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
