"""A metric of the user's own: one function (predictions, references) -> one number per item."""

import importlib
import math
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from medtune.errors import InputError
from medtune.metrics.text.metric_scores import MetricScores, mean_of
from medtune.metrics.text.names import BUILT_IN

Metric = Callable[[list[str], list[str]], Sequence[float]]


def custom(name: str, path: str, predictions: Sequence[str], references: Sequence[str]) -> dict[str, MetricScores]:
    """The scores of the function at an import path; the corpus figure is their mean.

    Raises InputError when the function cannot be imported, raises an exception itself, or gives anything else than
    one finite number per item.
    """
    if name in BUILT_IN:
        raise InputError(f'custom metric "{name}": this is the name of a built-in metric; choose another')
    function = load_metric(name, path)
    try:
        # Copies, since the function is not ours; `list`, since it may give an array or yield its scores.
        given = list(function(list(predictions), list(references)))
    except (Exception, SystemExit) as error:
        raise InputError(f'custom metric "{name}": {path} raised {_sentence(error)}') from error
    if len(given) != len(predictions):
        raise InputError(
            f'custom metric "{name}": {path} gave {len(given)} scores for {len(predictions)} items; expected one each'
        )
    scores = [_number(value, f'custom metric "{name}": {path}', n) for n, value in enumerate(given)]
    return {name: mean_of(scores, f"mean of {path}", unbounded=True)}


def load_metric(name: str, path: str) -> Metric:
    """The function at "package.module:function" or "package.module.function", also of a module in the working
    directory. Raises InputError when there is none."""
    module_name, _, function_name = path.replace(":", ".").rpartition(".")
    if not module_name or not all(part.isidentifier() for part in [*module_name.split("."), function_name]):
        raise InputError(f'custom metric "{name}": "{path}" is not an import path such as my_metrics:score')
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)
    try:
        module = importlib.import_module(module_name)
    except (Exception, SystemExit) as error:
        raise InputError(
            f'custom metric "{name}": the module {module_name} cannot be imported ({_sentence(error)})'
        ) from error
    function = getattr(module, function_name, None)
    if not callable(function):
        raise InputError(f'custom metric "{name}": the module {module_name} has no function {function_name}')
    return function


def _number(value: object, who: str, n: int) -> float:
    try:
        number = math.nan if isinstance(value, str) else float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise InputError(f"{who} gave {_short(repr(value))} for item {n}; expected a finite number")
    return number


def _sentence(error: BaseException) -> str:
    """Kind and message of an exception on one line."""
    return _short(f"{type(error).__name__}: {' '.join(str(error).split())}")


def _short(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:200]} …"
