"""What is known of a base model: record.json in its folder."""

import json
from pathlib import Path
from typing import Any

from medtune.errors import InputError
from medtune.files import fingerprint, read_json, sha256_of, write_json

RECORD = "record.json"
# What determines a model's answers. Weights as pickles (.bin) are not among them: they are never loaded.
CONTENT = (
    "*.safetensors",
    "*.safetensors.index.json",
    "config.json",
    "generation_config.json",
    "tokenizer*",
    "vocab*",
    "merges.txt",
    "*.model",
    "special_tokens_map.json",
    "added_tokens.json",
)


def model_files(folder: Path) -> list[Path]:
    """Weights, configuration and tokenizer files of a model folder, sorted by name.

    Raises InputError when one of the three is missing.
    """
    files = sorted({path for pattern in CONTENT for path in folder.glob(pattern)})
    names = [path.name for path in files]
    if "config.json" not in names:
        raise InputError(f"{folder}: no config.json; expected a model folder as `save_pretrained` writes it")
    if not any(name.endswith(".safetensors") for name in names):
        pickles = any(folder.glob("*.bin"))
        reason = "weights only as pickles (.bin), which can run code and are not loaded" if pickles else "no weights"
        raise InputError(f"{folder}: {reason}; expected .safetensors")
    if not any(name.startswith(("tokenizer", "vocab")) or name.endswith(".model") for name in names):
        raise InputError(f"{folder}: no tokenizer files; expected tokenizer.json or the files of a slow tokenizer")
    return files


def write_record(folder: Path, name: str, source: dict[str, Any], license: str, **resolved: Any) -> None:
    """Write record.json: name, source as configured, what it resolved to, architecture, parameters, fingerprint."""
    files = model_files(folder)
    config = read_json(folder / "config.json")
    write_json(
        folder / RECORD,
        {
            "name": name,
            **source,
            **resolved,
            "licence": license,
            "architecture": (config.get("architectures") or [config.get("model_type")])[0],
            "parameters": sum(map(_parameters, folder.glob("*.safetensors"))),
            "fingerprint": fingerprint([[path.name, sha256_of(path)] for path in files]),
        },
    )


def read_record(folder: Path) -> dict[str, Any]:
    """record.json of a base model's folder."""
    return read_json(folder / RECORD)


def _parameters(weights: Path) -> int:
    """Number of parameters, from the header of a safetensors file (its length is in the first 8 bytes)."""
    with weights.open("rb") as stream:
        header = json.loads(stream.read(int.from_bytes(stream.read(8), "little")))
    total = 0
    for key, tensor in header.items():
        if key != "__metadata__":
            size = 1
            for dimension in tensor["shape"]:
                size *= dimension
            total += size
    return total
