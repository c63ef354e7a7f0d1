"""How a job loads the libraries of language models: torch, transformers, PEFT, TRL."""

import contextlib
import gc
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def loading() -> Iterator[None]:
    """Imports in the body are made without the garbage collector, which finds nothing to free in them and would take a
    fifth of their five seconds; what they have loaded, it leaves out of its later rounds too.

    Where all is loaded already nothing is left out: a model that was given up just before must be freed.
    """
    known = len(sys.modules)
    gc.disable()
    try:
        yield
    finally:
        if len(sys.modules) > known:
            gc.freeze()
        gc.enable()
