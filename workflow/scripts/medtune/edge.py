"""Where the library meets Snakemake's rules: an InputError ends the run with its sentence alone."""

import contextlib
import sys
from collections.abc import Iterator
from typing import Any

from medtune.errors import InputError


@contextlib.contextmanager
def one_sentence() -> Iterator[None]:
    """Context or decorator. Raises SystemExit with the sentence of an InputError, for which Snakemake would print a
    traceback."""
    try:
        yield
    except InputError as error:
        sys.exit(str(error))


class ForRules:
    """An object as rules use it: its methods end the run as `one_sentence` does. They keep their signatures, by which
    Snakemake tells what to call them with."""

    def __init__(self, inner: Any):
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        with one_sentence():
            found = getattr(self._inner, name)
        return one_sentence()(found) if callable(found) else found
