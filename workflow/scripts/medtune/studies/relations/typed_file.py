"""Content of files that is checked against a form."""

from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from medtune.errors import InputError

Form = TypeVar("Form", bound=BaseModel)


def validated(form: type[Form], content: Any, path: Path | str, expected: str) -> Form:
    """The content of a file in its form. expected: that in words. Raises InputError with the first fault."""
    try:
        return form.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise InputError(f"{path}: {where}: {first['msg']}; expected {expected}") from error
