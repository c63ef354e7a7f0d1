"""What all sections of the configuration share."""

import os
import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

WORKFLOW = Path(__file__).parents[4]
"""The workflow's own folder, which is not the working directory where it is a module of another workflow."""
NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
Fraction = Annotated[float, Field(gt=0, lt=1)]
Share = Annotated[float, Field(gt=0, le=1)]
Count = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0, le=2**32 - 1)]


def expanded(path: str) -> str:
    """A path with `~` and `$VARIABLES` replaced; `config/…` is found in the workflow's own folder where the
    working directory has no such file. Raises ValueError when a variable means nothing, and for braces.
    """
    try:
        found = str(Path(os.path.expandvars(path)).expanduser())
    except RuntimeError as error:
        raise ValueError("there is no such user, so no home folder") from error
    unset = re.search(r"\$(\w+|\{\w*\})", found)
    if unset:
        raise ValueError(f"the variable {unset.group()} is not set")
    if re.search("[{}]", found):
        raise ValueError("must not hold braces, which Snakemake takes for wildcards; rename the folder or file")
    shipped = WORKFLOW / found
    return str(shipped) if found.startswith("config/") and not Path(found).exists() and shipped.exists() else found


License = Annotated[str | None, Field(min_length=1)]
"""License of a data source; none where it is not known."""
PathText = Annotated[str, Field(min_length=1), AfterValidator(expanded)]


def distinct(values: list) -> list:
    """For validators of lists. Raises ValueError when a value stands twice."""
    if len(set(values)) != len(values):
        raise ValueError("must not repeat a value")
    return values


class Section(BaseModel):
    """A part of the configuration: unknown keys are errors, values cannot change later."""

    model_config = ConfigDict(extra="forbid", frozen=True)
