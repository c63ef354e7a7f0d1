"""A column of a table is named in one place."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

LIBRARY = Path(__file__).parents[2] / "workflow" / "scripts" / "medtune"
COLUMNS = re.compile(r"_?([A-Z]+_)*(COLUMNS|FIGURES|VALUES|TESTED|MEASURED)")
"""Names of constants that hold columns."""


def runs(value: ast.expr) -> Iterator[tuple[str, ...]]:
    """Names that stand side by side in a tuple or list, three or more of them."""
    names: list[str] = []
    for item in [*getattr(value, "elts", ()), None]:
        if isinstance(item, ast.Constant) and isinstance(item.value, str) and item.value.isidentifier():
            names.append(item.value)
            continue
        if len(names) >= 3:
            yield tuple(names)
        names = []


def columns_and_places(sources: dict[str, str]) -> dict[tuple[str, ...], list[str]]:
    """The runs of names that constants of columns hold, and where each of them is written."""
    columns: set[tuple[str, ...]] = set()
    places: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for name, source in sources.items():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Assign) and any(
                isinstance(target, ast.Name) and COLUMNS.fullmatch(target.id) for target in node.targets
            ):
                columns |= set(runs(node.value))
            if isinstance(node, ast.Tuple | ast.List):
                for run in runs(node):
                    places[run].append(f"{name}:{node.lineno}")
    return {run: places[run] for run in columns}


def test_columns_that_are_written_twice_are_seen():
    sources = {"a.py": 'ITEM_COLUMNS = ("id", "split", "unit", *others)', "b.py": 'f(["id", "split", "unit"])'}
    assert columns_and_places(sources) == {("id", "split", "unit"): ["a.py:1", "b.py:1"]}


def test_columns_are_written_once():
    sources = {str(path.relative_to(LIBRARY)): path.read_text(encoding="utf-8") for path in LIBRARY.rglob("*.py")}
    found = columns_and_places(sources)
    assert len(found) > 50
    assert {run: places for run, places in found.items() if len(places) > 1} == {}
