"""General questions that have nothing to do with any study: facts, arithmetic, copying, short instructions.

Written for this project, free to use. Skills alternate, so that the first n have about as many of each. A prompt has no
chat template: base models and chat models read the same.
"""

from dataclasses import dataclass
from pathlib import Path

from medtune.files import read_jsonl

FILE = Path(__file__).with_name("general_questions.jsonl")


@dataclass(frozen=True)
class GeneralQuestion:
    """prompt: what the model reads. answer: what it should write, without the space before it."""

    id: str
    skill: str
    prompt: str
    answer: str


def general_questions(number: int) -> list[GeneralQuestion]:
    """The first of them. Raises ValueError where there are not as many; the configuration allows no more."""
    found = [GeneralQuestion(**row) for row in read_jsonl(FILE)]
    if number > len(found):
        raise ValueError(f"{number} general questions: there are {len(found)}")
    return found[:number]
