"""Where the library meets Snakemake's rules: an InputError ends the run with its sentence alone."""

import contextlib
import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from typing import Any, TypeVar

from medtune.errors import InputError

T = TypeVar("T")


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


def for_rules(record: T) -> T:
    """A dataclass as rules use it: functions in its fields, and in mappings that these hold, end the run so too."""
    return replace(record, **{field.name: _held(getattr(record, field.name)) for field in fields(record)})


def _held(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _held(inner) for key, inner in value.items()}
    return one_sentence()(value) if callable(value) else value
