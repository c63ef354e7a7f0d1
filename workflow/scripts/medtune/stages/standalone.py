"""One Python file of some functions and classes of this package and all that they use: for folders that leave it.

What ships is the code that ran, not a second version of it. Names are followed from the ones that are asked for through
the modules of this package; imports of other libraries are kept.
"""

import ast
import importlib.util
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

PACKAGE = "medtune"


@dataclass(frozen=True)
class _Module:
    """The top level of a module. definitions: source and tree by name. own: module of this package that an imported
    name comes from. other: that of another library; None where the name is a module, with how it is imported."""

    name: str
    definitions: dict[str, tuple[str, ast.stmt]] = field(default_factory=dict)
    own: dict[str, str] = field(default_factory=dict)
    other: dict[str, tuple[str | None, str]] = field(default_factory=dict)


def standalone(docstring: str, module: str, names: Iterable[str], ending: str = "") -> str:
    """The text of the file. module, names: what it is to define. ending: code that comes last.

    Raises ValueError for a name that is not there, two different things of one name, and imports of this package inside
    functions, which would be missing.
    """
    modules: dict[str, _Module] = {}
    homes: dict[str, str] = {}
    imports: set[tuple[str | None, str]] = set()
    parts: dict[str, None] = {}

    def include(name: str, home: str) -> None:
        if home not in modules:
            modules[home] = _read(home)
        found = modules[home]
        if name in found.own:
            include(name, found.own[name])
        elif name in found.other:
            imports.add(found.other[name])
        elif name in found.definitions:
            if name in homes:
                if homes[name] != home:
                    raise ValueError(f'"{name}" is defined in {homes[name]} and in {home}: rename one of them')
                return
            homes[name] = home
            source, tree = found.definitions[name]
            for used in sorted(set(_names(tree, home)) - {name}):
                if used in found.own or used in found.other or used in found.definitions:
                    include(used, home)
            parts[source] = None  # once, also where it defines several names

    for name in names:
        include(name, module)
        if name not in homes:
            raise ValueError(f'{module} defines no "{name}"')
    body = [*parts, *([ending.strip()] if ending else [])]
    return f'"""{docstring.strip()}\n"""\n\n{_statements(imports)}\n\n\n' + "\n\n\n".join(body) + "\n"


def _statements(imports: Iterable[tuple[str | None, str]]) -> str:
    """Import statements, those of whole modules first."""
    by_module: dict[str, list[str]] = {}
    whole = []
    for module, name in sorted(imports, key=lambda pair: (pair[0] or "", pair[1])):
        if module is None:
            whole.append(f"import {name}")
        else:
            by_module.setdefault(module, []).append(name)
    return "\n".join([*whole, *(f"from {module} import {', '.join(names)}" for module, names in by_module.items())])


def _read(name: str) -> _Module:
    """The top level of a module; a constant has the string that explains it behind it."""
    spec = importlib.util.find_spec(name)
    text = Path(spec.origin).read_text(encoding="utf-8")
    module = _Module(name)
    before = ""
    for statement in ast.parse(text).body:
        if isinstance(statement, ast.ImportFrom):
            ours = statement.module.split(".")[0] == PACKAGE
            for alias in statement.names:
                if alias.asname:
                    raise ValueError(f'{name}: imports "{alias.name}" under another name')
                if ours:
                    module.own[alias.name] = statement.module
                else:
                    module.other[alias.name] = (statement.module, alias.name)
        elif isinstance(statement, ast.Import):
            for alias in statement.names:
                as_name = f" as {alias.asname}" if alias.asname else ""
                module.other[alias.asname or alias.name.split(".")[0]] = (None, f"{alias.name}{as_name}")
        elif isinstance(statement, ast.Expr) and before:
            source, tree = module.definitions[before]
            module.definitions[before] = (f"{source}\n{ast.get_source_segment(text, statement)}", tree)
        before = ""
        for defined in _defined(statement):
            module.definitions[defined] = (_source(text, statement), statement)
            before = defined if isinstance(statement, ast.Assign | ast.AnnAssign) else ""
    return module


def _source(text: str, statement: ast.stmt) -> str:
    """The lines of a statement, decorators included."""
    first = min([statement.lineno, *(decorator.lineno for decorator in getattr(statement, "decorator_list", []))])
    return "\n".join(text.split("\n")[first - 1 : statement.end_lineno])


def _defined(statement: ast.stmt) -> list[str]:
    """The name that a statement defines."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return [statement.name]
    if isinstance(statement, ast.Assign):
        targets = [
            element
            for target in statement.targets
            for element in (target.elts if isinstance(target, ast.Tuple) else [target])
        ]
        return [target.id for target in targets if isinstance(target, ast.Name)]
    return [statement.target.id] if isinstance(statement, ast.AnnAssign) else []


def _names(tree: ast.stmt, home: str) -> Iterator[str]:
    """Names that occur in a statement."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module.split(".")[0] == PACKAGE:
            raise ValueError(f"{home}, line {node.lineno}: imports of {PACKAGE} inside a function cannot be followed")
        if isinstance(node, ast.Name):
            yield node.id
