"""Studies of the user's own in the merged configuration: Python files that hold them, and what they take from
`study_defaults`.

A file holds `study = {...}`, the keys of a section, and may hold `read(path)`, a generator of examples; see
docs/own_study.md.
"""

import ast
import contextlib
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import Any

from medtune.config.layers import Layer, merge
from medtune.config.section import expanded
from medtune.errors import InputError
from medtune.files import files_in, fingerprint, read_text

TAKEN_OVER = ("model", "encoder", "training", "generation", "audit")
Reader = Callable[[str | None], Iterator[Any]]


def resolved(raw: dict[str, Any]) -> dict[str, Any]:
    """The raw configuration with complete sections of the user's own studies.

    `studies` may be a folder, in which each Python file (but for names with a leading underscore) is a study, or a
    mapping whose sections may name a `file`; null switches a study or a method off. A section goes over what its file
    says, and that over `study_defaults`.
    Raises InputError for a folder or file that is not there, and for a file that fails or holds no `study`.
    """
    studies, defaults = raw.get("studies"), raw.get("study_defaults")
    if isinstance(studies, str):
        studies = {file.stem: {"file": str(file)} for file in _study_files(studies)}
    if not isinstance(studies, dict) or not isinstance(defaults, dict):
        return {**raw, "studies": studies} if "studies" in raw else raw
    under = Layer("study_defaults", {key: defaults[key] for key in TAKEN_OVER if key in defaults})
    complete = {
        name: _without_null(merge([under, *_of_file(section), Layer(name, section)]))
        if isinstance(section, dict)
        else section
        for name, section in studies.items()
        if section is not None
    }
    return {**raw, "studies": complete}


def _without_null(section: dict[str, Any]) -> dict[str, Any]:
    """The section without the methods that are switched off."""
    methods = section.get("methods")
    if not isinstance(methods, dict):
        return section
    return {**section, "methods": {name: method for name, method in methods.items() if method is not None}}


def load_reader(file: str | Path) -> Reader | None:
    """`read` of a study's file, None where it has none. What it raises becomes an InputError with file and line."""
    read = getattr(_module(Path(file)), "read", None)
    if read is None:
        return None
    if not callable(read):
        raise InputError(f"{file}: `read` is no function; expected a generator of examples, read(path)")

    def guarded(path: str | None) -> Iterator[Any]:
        try:
            with _without_effects():
                yield from read(path)
        except InputError:
            raise
        except (Exception, SystemExit) as error:
            raise _failed(Path(file), error, "`read` fails") from error

    return guarded


def code_of_reader(file: str | Path) -> str | None:
    """Identifies the code by which a file reads the data, None where it has no `read`: all of the file but `study`,
    which changes no example unless the code names it. Raises InputError as loading it does."""
    if load_reader(file) is None:
        return None
    tree = ast.parse(read_text(file))
    rest = [statement for statement in tree.body if not _sets_study(statement)]
    named = any(isinstance(node, ast.Name) and node.id == "study" for one in rest for node in ast.walk(one))
    return fingerprint([ast.dump(statement) for statement in (tree.body if named else rest)])


def _sets_study(statement: ast.stmt) -> bool:
    """Whether a statement is `study = …`."""
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    return isinstance(statement, ast.Assign | ast.AnnAssign) and any(
        isinstance(target, ast.Name) and target.id == "study" for target in targets
    )


def _study_files(folder: str) -> list[Path]:
    """The files of studies in a folder, in the order of names."""
    path = Path(_expanded(folder))
    if not folder.strip() or not path.is_dir():
        raise InputError(f'studies = "{folder}": no such folder; expected a folder with a Python file for each study')
    files = [file for file in files_in(path, (".py",), below=False) if not file.name.startswith("_")]
    if not files:
        raise InputError(f'studies = "{folder}": holds no Python file; expected one for each study')
    return files


def _of_file(section: dict[str, Any]) -> list[Layer]:
    """What a section's file says, where it has one."""
    if not isinstance(section.get("file"), str):
        return []
    file = Path(_expanded(section["file"]))
    study = getattr(_module(file), "study", None)
    if not isinstance(study, dict):
        raise InputError(f"{file}: no `study`; expected study = {{...}} with the keys of a study's section")
    return [Layer(str(file), study)]


def _expanded(path: str) -> str:
    try:
        return expanded(path)
    except ValueError as error:
        raise InputError(f'"{path}": {error}') from error


def _module(file: Path) -> ModuleType:
    """The module of a file, run anew. Raises InputError with file and line for one that cannot be read or fails."""
    text = read_text(file)
    module = module_from_spec(spec_from_loader(f"medtune_study_{file.stem}", loader=None, origin=str(file)))
    module.__file__ = str(file)
    sys.modules[module.__name__] = module  # where dataclasses look for what their annotations name
    try:
        with _without_effects():
            exec(compile(text, str(file), "exec"), module.__dict__)
    except InputError:
        raise
    except SyntaxError as error:
        raise InputError(f"{file}, line {error.lineno}: not valid Python ({error.msg})") from error
    except (Exception, SystemExit) as error:
        raise _failed(file, error, "the file fails") from error
    return module


@contextlib.contextmanager
def _without_effects() -> Iterator[None]:
    """The user's code leaves the working directory as it was, and prints to standard error: what Snakemake prints can
    be the input of another program (--dag)."""
    folder = Path.cwd()
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        os.chdir(folder)


def _failed(file: Path, error: BaseException, what: str) -> InputError:
    """The sentence for an exception of the user's code: the last line of theirs that it went through."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)]
    where = f"{file}, line {lines[-1]}" if lines else str(file)
    return InputError(f"{where}: {what} ({' '.join(traceback.format_exception_only(error)[-1].split())})")
