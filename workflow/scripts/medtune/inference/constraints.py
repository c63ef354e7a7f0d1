"""Constrained decoding: a model can write nothing but what the form of its answer allows. Through llguidance."""

import json
import logging
from collections.abc import Sequence
from typing import Any

import llguidance
import llguidance.hf
import torch
from llguidance.numpy import allocate_token_bitmask, fill_next_token_bitmask
from transformers import LogitsProcessor

from medtune.inference.answer_form import ChoiceForm, Form
from medtune.inference.generation import Constrain

logger = logging.getLogger(__name__)


class Constraint:
    """Keeps the answers of a model to their forms. One can be used for many calls of `generate`: making it takes up to
    a second."""

    def __init__(self, model: Any, tokenizer: Any):
        """tokenizer: a fast one."""
        self._end = tokenizer.eos_token_id
        # A model can have scores for more tokens than the tokenizer has.
        self._vocabulary = llguidance.hf.from_tokenizer(tokenizer, n_vocab=model.config.vocab_size)

    def to(self, forms: Sequence[Form]) -> Constrain:
        """What `generate` takes for prompts whose answers have these forms, in the order of the prompts.

        Raises ValueError for a form that cannot be followed.
        """
        grammars = [_grammar(form) for form in forms]
        fresh = {grammar: llguidance.LLMatcher(self._vocabulary, grammar) for grammar in dict.fromkeys(grammars)}
        for grammar, matcher in fresh.items():
            if matcher.is_error():
                raise ValueError(f"{grammar}: {matcher.get_error()}")
        return lambda rows: _Masks([fresh[grammars[row]].deep_copy() for row in rows], self._end)


_LINE = r"/[^\p{Z}\p{C}][^\p{Zl}\p{Zp}\p{C}]*/"
"""Words on one line: no control characters, and no white space at the beginning."""


def _grammar(form: Form) -> str:
    """The form in the library's language.

    The space is for tokenizers that put one before a text (SentencePiece): that is how answers begin in training, and
    what the model expects to write first.
    """
    if isinstance(form, ChoiceForm):
        reason = "" if form.reason is None else f" {_quoted(form.reason + ' ')} {_LINE}"
        return f'start: " "? ({" | ".join(map(_quoted, form.choices))}){reason}'
    schema = {**form.schema, "x-guidance": {"whitespace_flexible": False}}
    opening = _quoted(form.opening) if form.opening else '" "?'
    closing = _quoted(form.closing) if form.closing else ""
    return f"start: {opening} answer {closing}\nanswer: %json {json.dumps(schema)}"


def _quoted(text: str) -> str:
    return json.dumps(text)


class _Masks(LogitsProcessor):
    """Takes the scores of tokens that a row's answer cannot go on with. Rows that have ended are left alone."""

    def __init__(self, matchers: Sequence[Any], end: int):
        self._matchers = matchers
        self._end = end
        self._open = [True] * len(matchers)
        self._started = False

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """input_ids: (rows, tokens so far). scores: (rows, vocabulary)."""
        if self._started:
            self._take(input_ids[:, -1].tolist())
        self._started = True
        words = allocate_token_bitmask(len(self._matchers), scores.shape[1])
        for row, matcher in enumerate(self._matchers):
            if self._open[row]:
                fill_next_token_bitmask(matcher, words, row)
        bits = torch.arange(8, dtype=torch.uint8, device=scores.device)
        allowed = (torch.from_numpy(words).view(torch.uint8).to(scores.device)[:, :, None] >> bits) & 1
        return scores.masked_fill(allowed.flatten(1)[:, : scores.shape[1]] == 0, -torch.inf)

    def _take(self, tokens: Sequence[int]) -> None:
        """The last choices. A row is over with the end token, or when the library cannot follow it any more."""
        for row, (matcher, token) in enumerate(zip(self._matchers, tokens, strict=True)):
            if not self._open[row]:
                continue
            self._open[row] = token != self._end and matcher.consume_token(token)
            if matcher.is_error():
                logger.warning("an answer continues without its form: %s", matcher.get_error())
