"""One attempt at a training that may be killed: it resumes from the state of the last one, or says how to."""

import logging
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from medtune.training.checkpoints import is_finished, last_checkpoint, remove_incomplete

logger = logging.getLogger("medtune")


def bring_to_end(checkpoints: Path, train: Callable[[], object]) -> None:
    """Call `train`, unless `checkpoints` holds a finished training already; afterwards it does.

    Ends the process with status 143 when SIGTERM came in between (a checkpoint is kept).
    """
    remove_incomplete(checkpoints)
    last = last_checkpoint(checkpoints)
    if last is not None and is_finished(last):
        logger.info("the training had been finished already; only its files are written")
        return
    train()
    last = last_checkpoint(checkpoints)
    if last is None or not is_finished(last):
        logger.warning("stopped by SIGTERM; the same command resumes from %s", last.name if last else "the start")
        sys.exit(128 + signal.SIGTERM)
