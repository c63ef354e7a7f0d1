"""An adapter that was made elsewhere: checked against the study's base model, and laid out as the study's own are."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from medtune.errors import InputError
from medtune.files import read_json, write_json
from medtune.kinds.task import Task
from medtune.methods.adapter.folder import CONFIG, TEMPLATE, WEIGHTS, adapter_hashes, check_adapter, new_adapter
from medtune.models.model_record import read_record
from medtune.studies import get_task

TOKENIZER = (
    "tokenizer*",
    "special_tokens_map.json",
    "vocab*",
    "merges.txt",
    "added_tokens.json",
    "chat_template.jinja",
)
PREFIX = "base_model.model."


def take_adapter(
    source: Path, template: str, base: Path, task_options: Mapping[str, Any], adapter: Path, record: Path
) -> None:
    """Check the adapter in `source` and copy it to `adapter`; write what is known of it to `record` (JSON).

    template: "checked": its template.json must name the study's template; "unknown": it has none, and is asked with the
    study's. A folder without a tokenizer gets the base's.
    Raises InputError for a folder that is no LoRA adapter in safetensors, or that does not fit base model or template.
    """
    task = get_task("meerkat", **task_options)
    for name in (CONFIG, WEIGHTS):
        if not (source / name).is_file():
            raise InputError(f"{source}: no {name}; expected an adapter as PEFT's `save_pretrained` writes it")
    if template == "unknown":
        _check_shapes(source, base)
    elif not (source / TEMPLATE).is_file():
        raise InputError(
            f"{source}: no {TEMPLATE}, so it is not known which template it was trained with; to ask it with the "
            "study's, set meerkat.evaluate.template: unknown"
        )
    else:
        check_adapter(source, base, task)
    adapter.mkdir(parents=True, exist_ok=True)
    with new_adapter(adapter) as scratch:
        for path in (source / CONFIG, source / WEIGHTS, *(_tokenizer(source) or _tokenizer(base))):
            shutil.copyfile(path, scratch / path.name)
        _write_template(scratch / TEMPLATE, source, template, base, task)
    write_json(record, {"adapter": str(source), "template": template, "sha256": adapter_hashes(adapter)})


def _write_template(path: Path, source: Path, template: str, base: Path, task: Task) -> None:
    """As training writes it; of an unknown template that of the study, which it is asked with."""
    if template == "checked":
        shutil.copyfile(source / TEMPLATE, path)
        return
    facts = read_record(base)
    content = {
        "template_hash": task.template_hash,
        "base_fingerprint": facts["fingerprint"],
        "base_model": facts["name"],
        "base_path": str(base),
    }
    write_json(path, content)


def _tokenizer(folder: Path) -> list[Path]:
    """Files of a folder's tokenizer; none where it has no vocabulary."""
    files = sorted({path for pattern in TOKENIZER for path in folder.glob(pattern) if path.is_file()})
    return files if any(path.name.startswith(("tokenizer.", "vocab")) for path in files) else []


def _check_shapes(adapter: Path, base: Path) -> None:
    """See that each low-rank update is of a layer that the base model has, in its size."""
    layers = {name: shape for file in base.glob("*.safetensors") for name, shape in _shapes(file).items()}
    updates = {name: shape for name, shape in _shapes(adapter / WEIGHTS).items() if ".lora_" in name}
    if not updates:
        raise InputError(f"{adapter / WEIGHTS}: holds no LoRA weights; expected names with lora_A and lora_B")
    prequantized = "quantization_config" in read_json(base / "config.json")
    for name, shape in updates.items():
        layer = name.removeprefix(PREFIX).split(".lora_")[0] + ".weight"
        if layer not in layers:
            raise InputError(f'{adapter}: adapts the layer "{layer}", which the base model {base.name} has not')
        side, place = ("in", 1) if ".lora_A" in name else ("out", 0)
        if not prequantized and ".lora_embedding" not in name and shape[place] != layers[layer][place]:
            raise InputError(
                f'{adapter}: the layer "{layer}" has {shape[place]} {side}puts, that of the base model {base.name} '
                f"{layers[layer][place]}; give the base model that it was trained on"
            )


def _shapes(file: Path) -> dict[str, list[int]]:
    """Shape of each tensor of a safetensors file, from its header."""
    with file.open("rb") as stream:
        try:
            header = json.loads(stream.read(int.from_bytes(stream.read(8), "little")))
            return {name: facts["shape"] for name, facts in header.items() if name != "__metadata__"}
        except (ValueError, KeyError, TypeError, MemoryError, OverflowError) as error:
            raise InputError(f"{file}: not a safetensors file") from error
