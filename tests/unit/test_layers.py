"""How the modules of the library depend on each other (CONTRIBUTING.md): upwards never, in a circle never.

Imports are read from the sources. One inside a function only postpones the work, so it must point downwards too; but it
makes no circle of modules, since all of them are loaded by then.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "workflow" / "scripts"
PACKAGE = "medtune"
LAYERS = (
    {"errors"},
    {"files", "inert", "libraries", "memory", "runtime", "scratch", "settings_files", "state", "versions"},
    {"config"},
    {"data", "inference", "metrics", "models", "reporting", "training", "workflow"},
    {"kinds"},
    {"methods"},
    {"studies", "configuration"},
    {"stages", "config_check", "config_reference"},
    {"scripts"},
)
"""Names below the package, from the bottom to the top; those of one layer may import each other."""
SHARED_ROLES = ("kinds", "methods", "studies")
"""Folders of folders in which a stem is a role: `kinds/labels/score.py` and `studies/yesno/score.py` score."""


@dataclass(frozen=True)
class Import:
    """lazy: inside a function."""

    module: str
    imported: str
    lazy: bool


def sources(root: Path) -> dict[str, Path]:
    """Each module's file, by its dotted name; of a package, that of its `__init__`."""
    found = {}
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports_of(module: str, tree: ast.AST, modules: Iterable[str]) -> Iterator[Import]:
    """Imports of modules of the package. `from a import b` imports a.b where that is a module, else a."""

    def visit(node: ast.AST, lazy: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                yield from (Import(module, alias.name, lazy) for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                assert not child.level, f"{module}, line {child.lineno}: relative import"
                full = (f"{child.module}.{alias.name}" for alias in child.names)
                yield from (Import(module, name if name in modules else child.module, lazy) for name in full)
            inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from visit(child, lazy or inside)

    return (found for found in visit(tree, False) if found.imported.split(".")[0] == PACKAGE)


def place(module: str) -> str:
    """The name below the package, by which a module has its layer."""
    first, *rest = module.split(".")
    return rest[0] if first == PACKAGE and rest else "scripts" if first != PACKAGE else ""


def upward(imports: Iterable[Import]) -> list[str]:
    """Those that import something of a higher layer, as sentences."""
    level = {name: number for number, names in enumerate(LAYERS) for name in names} | {"": 0}
    return [
        f"{found.module} imports {found.imported}{' in a function' if found.lazy else ''}"
        for found in imports
        if level[place(found.imported)] > level[place(found.module)]
    ]


def circle(graph: Mapping[str, set[str]]) -> list[str]:
    """Names that import each other in a circle, the first one again at the end; empty where there is none."""
    done: set[str] = set()

    def walk(name: str, way: list[str]) -> list[str]:
        if name in way:
            return [*way[way.index(name) :], name]
        if name in done:
            return []
        for following in sorted(graph.get(name, ())):
            if found := walk(following, [*way, name]):
                return found
        done.add(name)
        return []

    return next((found for name in sorted(graph) if (found := walk(name, []))), [])


def graph_of(pairs: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    graph: dict[str, set[str]] = {}
    for one, other in pairs:
        if one != other:
            graph.setdefault(one, set()).add(other)
    return graph


@pytest.fixture(scope="module")
def imports() -> list[Import]:
    modules = sources(SCRIPTS)
    return [
        found
        for module, path in modules.items()
        for found in imports_of(module, ast.parse(path.read_text(encoding="utf-8")), modules)
    ]


def test_every_module_has_its_layer():
    known = set().union(*LAYERS)
    assert {place(module) for module in sources(SCRIPTS)} - {""} == known


def test_no_module_imports_from_a_higher_layer(imports):
    assert upward(imports) == []


def test_no_modules_import_each_other_in_a_circle(imports):
    assert circle(graph_of((found.module, found.imported) for found in imports if not found.lazy)) == []


def test_no_folders_of_a_layer_import_each_other_in_a_circle(imports):
    pairs = ((place(found.module), place(found.imported)) for found in imports)
    assert circle(graph_of(pair for pair in pairs if "" not in pair and "configuration" not in pair)) == []


def test_no_study_and_no_kind_imports_another_one(imports):
    def part(module: str) -> tuple[str, ...]:
        """(studies, yesno) of a module in a study's folder."""
        parts = module.split(".")[1:]
        packages = len(parts) > 2 or (SCRIPTS / PACKAGE).joinpath(*parts[:2]).is_dir()
        return tuple(parts[:2]) if parts and parts[0] in ("studies", "kinds") and packages and len(parts) > 1 else ()

    crossed = [
        f"{found.module} imports {found.imported}"
        for found in imports
        if (one := part(found.module)) and (other := part(found.imported)) and one[0] == other[0] and one != other
    ]
    assert crossed == []


def test_no_stem_stands_for_two_things():
    """A folder of a study, kind or method is a room: a stem stands once in each, and once in the rest of the house."""
    homes: dict[tuple[str, str], list[str]] = {}
    for module in sources(SCRIPTS / PACKAGE):
        parts = module.split(".")
        inside = parts[0] in SHARED_ROLES and (SCRIPTS / PACKAGE).joinpath(*parts[:2]).is_dir()
        if inside and len(parts) == 2:
            continue
        homes.setdefault((".".join(parts[:2]) if inside else "", parts[-1]), []).append(module)
    assert {stem: modules for stem, modules in homes.items() if len(modules) > 1} == {}


def test_upward_and_circular_imports_are_found():
    modules = {"medtune.files", "medtune.data.rows", "medtune.stages.score"}
    text = "import medtune.files\ndef late():\n    from medtune.stages import score\n"
    found = list(imports_of("medtune.data.rows", ast.parse(text), modules))
    assert found == [
        Import("medtune.data.rows", "medtune.files", False),
        Import("medtune.data.rows", "medtune.stages.score", True),
    ]
    assert upward(found) == ["medtune.data.rows imports medtune.stages.score in a function"]
    assert circle(graph_of([("a", "b"), ("b", "c"), ("c", "b")])) == ["b", "c", "b"]
