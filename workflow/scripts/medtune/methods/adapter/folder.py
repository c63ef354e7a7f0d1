"""Adapter folders as the stages see them: what identifies one, how one is written, and who may use it."""

import contextlib
from pathlib import Path

from medtune.errors import InputError
from medtune.files import filled, read_json, sha256_of
from medtune.kinds.task import Task
from medtune.models.model_record import read_record

CONFIG = "adapter_config.json"
WEIGHTS = "adapter_model.safetensors"
TEMPLATE = "template.json"
ADAPTER_FILES = (CONFIG, WEIGHTS, TEMPLATE)
"""The files that determine what a model with the adapter answers."""


def adapter_hashes(adapter: Path) -> dict[str, str]:
    """The sha256 of each of the `ADAPTER_FILES`: equal for adapters that answer alike."""
    return {name: sha256_of(adapter / name) for name in ADAPTER_FILES}


def new_adapter(adapter: Path) -> contextlib.AbstractContextManager[Path]:
    """A temporary folder, whose files go into `adapter` when the body succeeds: where adapter_config.json is, the
    adapter is complete. Other files in `adapter` stay."""
    return filled(adapter, last=CONFIG)


def check_adapter(adapter: Path, base: Path, task: Task) -> None:
    """Refuse an adapter that was trained with another template or on another base model."""
    trained = read_json(adapter / TEMPLATE)
    if trained["template_hash"] != task.template_hash:
        raise InputError(
            f'{adapter}: trained with another template of task "{task.name}" (hash {trained["template_hash"][:12]}, '
            f"now {task.template_hash[:12]}); train it again, or use the version of the code that it was trained with"
        )
    if trained["base_fingerprint"] != read_record(base)["fingerprint"]:
        raise InputError(
            f'{adapter}: trained on base model "{trained["base_model"]}" with other weights than those in {base}; '
            "give the base model that it was trained on"
        )
