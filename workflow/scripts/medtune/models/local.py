"""Base models that are in a folder already."""

from pathlib import Path

from medtune.config import PathModel
from medtune.errors import InputError
from medtune.models.model_record import model_files, write_record


def link_folder(source: PathModel, name: str, folder: Path) -> None:
    """Make `folder` with links to the files of the model's folder: nothing is copied.

    Raises InputError when that folder is missing or lacks configuration, tokenizer or safetensors weights.
    """
    original = Path(source.path).expanduser().resolve()
    if not original.is_dir():
        raise InputError(f'models.{name}.path = "{source.path}": no such folder')
    model_files(original)
    folder.mkdir(parents=True)
    for path in sorted(original.iterdir()):
        # record.json is written below; a link to another one would be written through.
        if path.is_file() and path.name != "record.json":
            (folder / path.name).symlink_to(path)
    write_record(folder, name, source.model_dump(), "unknown")
