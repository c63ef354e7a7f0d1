"""Data in a prompt: plain text on one line, whatever it holds."""

import re

_SPACE = re.compile(r"\s")
_TAG = re.compile(r"<(?=[|｜/A-Za-z_])|\[(?=/?[A-Z_]+\])")
"""Openings of what a tokenizer may take for a special token: <|endoftext|>, </s>, [INST]. "< 5 mm" is none."""
_INERT = {"<": "‹", "[": "("}


def inert(text: str) -> str:
    """The text as one line of plain text, of the same length: offsets in it are offsets in the text.

    Each white space character becomes a space, so that no line of the prompt can be imitated, and the openings of
    special tokens become look-alikes, so that a tokenizer sees text.
    """
    return _TAG.sub(lambda match: _INERT[match[0]], _SPACE.sub(" ", text))
