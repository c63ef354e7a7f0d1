"""The prompt of each entity type: a text file, read when it is needed, in training and inference alike."""

from pathlib import Path

from medtune.errors import InputError
from medtune.files import read_text


def load_prompt(path: Path | str) -> str:
    """The prompt in a file, without white space around it. Raises InputError when there is none."""
    prompt = read_text(path).strip()
    if not prompt:
        raise InputError(f"{path}: the prompt is empty; expected a paragraph that says what to list")
    return prompt
