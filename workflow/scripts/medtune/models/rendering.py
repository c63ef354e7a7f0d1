"""From text to the token ids that training, evaluation and serving share."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Rendered:
    """One example as token ids. prompt: with BOS where the tokenizer adds one. completion: with
    EOS at its end, empty when only the prompt is wanted. weights: of each completion token
    in the loss; none means 1."""

    prompt: list[int]
    completion: list[int] = field(default_factory=list)
    weights: list[float] | None = None


def render_prompt(text: str, tokenizer: Any) -> list[int]:
    """Token ids of a prompt, with the special tokens that the tokenizer puts before a text.

    What looks like a special token in the text ("<|endoftext|>") is text: data cannot end or forge a prompt.
    Some tokenizers put EOS after each text; a prompt must stay open, so it is cut off.
    """
    ids = list(tokenizer(text, split_special_tokens=True)["input_ids"])
    if ids and ids[-1] == tokenizer.eos_token_id:
        ids.pop()
    return ids


def render_completion(text: str, tokenizer: Any) -> list[int]:
    """Token ids of a completion, all of it text, closed by EOS."""
    ids = tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]
    return [*ids, tokenizer.eos_token_id]


def render(prompt: str, completion: str, tokenizer: Any) -> Rendered:
    """Both halves, tokenized apart: the prompt's ids are then the same in training and serving."""
    return Rendered(render_prompt(prompt, tokenizer), render_completion(completion, tokenizer))
