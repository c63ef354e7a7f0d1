"""What all sections of the configuration share."""

import re
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
Fraction = Annotated[float, Field(gt=0, lt=1)]
Share = Annotated[float, Field(gt=0, le=1)]
Count = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0, le=2**32 - 1)]


class Section(BaseModel):
    """A part of the configuration: unknown keys are errors, values cannot change later."""

    model_config = ConfigDict(extra="forbid", frozen=True)
