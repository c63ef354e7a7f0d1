"""From words to the windows of subwords that training, tagging and evaluation of encoders share."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from medtune.data.windows import Window, windows


@dataclass(frozen=True)
class SubwordDocument:
    """A document as an encoder reads it. pieces: token ids of each word, at least one. sentences: index of the first
    word of each sentence."""

    pieces: list[list[int]]
    sentences: list[int]


@dataclass(frozen=True)
class WindowRow:
    """One window as a row of token ids. heads: position of the first subword of each of its words."""

    document: int
    window: Window
    input_ids: list[int]
    heads: list[int]


@dataclass(frozen=True)
class Layout:
    """How documents become windows. tokens: longest window, special tokens included. overlap: subwords that
    neighbouring windows share. before, after: special tokens around each window."""

    tokens: int
    overlap: int
    before: list[int]
    after: list[int]

    @property
    def room(self) -> int:
        """Subwords that a window has room for. Words with more are cut to them."""
        return self.tokens - len(self.before) - len(self.after)

    def without_overlap(self) -> "Layout":
        """The same windows, each word in one of them only."""
        return Layout(self.tokens, 0, self.before, self.after)

    def cuttings(self, count: int, seed: int) -> list["Layout"]:
        """This layout, and others with windows between half and all of its tokens, drawn by the seed. They overlap as
        this one does, as far as they have the room."""
        rng = random.Random(f"cuttings/{seed}")
        special = self.tokens - self.room
        least = special + max(1, self.room // 2)
        others = [rng.randint(least, self.tokens) for _ in range(count - 1)]
        return [
            self,
            *(replace(self, tokens=tokens, overlap=min(self.overlap, (tokens - special) // 2)) for tokens in others),
        ]

    def rows(self, documents: Sequence[SubwordDocument]) -> list[WindowRow]:
        """All windows of all documents; those of one document stand together, in the order of the text."""
        return [
            self._row(number, document, window)
            for number, document in enumerate(documents)
            for window in windows(self.lengths(document), document.sentences, self.room, self.overlap)
        ]

    def lengths(self, document: SubwordDocument) -> list[int]:
        """Subwords of each word, as cut for the windows."""
        return [min(len(piece), self.room) for piece in document.pieces]

    def _row(self, number: int, document: SubwordDocument, window: Window) -> WindowRow:
        ids, heads = list(self.before), []
        for piece in document.pieces[window.first : window.last]:
            heads.append(len(ids))
            ids += piece[: self.room]
        return WindowRow(number, window, ids + self.after, heads)


def make_layout(tokenizer: Any, tokens: int, overlap: int) -> Layout:
    """The layout of a tokenizer's windows. Raises ValueError when they have no room for words and overlap."""
    before, after = special_tokens(tokenizer)
    layout = Layout(tokens, overlap, before, after)
    if layout.room < max(1, 2 * overlap):
        raise ValueError(
            f"windows of {tokens} tokens, {len(before) + len(after)} of them special, have no room for an overlap of "
            f"{overlap} subwords; expected twice the overlap or more"
        )
    return layout


def special_tokens(tokenizer: Any) -> tuple[list[int], list[int]]:
    """Token ids that the tokenizer puts before and after a text."""
    bare = tokenizer("a", add_special_tokens=False)["input_ids"]
    full = tokenizer("a")["input_ids"]
    start = next(i for i in range(len(full)) if full[i : i + len(bare)] == bare)
    return full[:start], full[start + len(bare) :]


def subwords(words: Sequence[str], sentences: Sequence[int], tokenizer: Any) -> SubwordDocument:
    """A document's words as token ids, each word on its own.

    A word of which the tokenizer leaves nothing (control characters, say) becomes the "unknown" token, so that
    no word is lost. What looks like a special token is text. tokenizer: a fast one.
    """
    pieces: list[list[int]] = [[] for _ in words]
    if pieces:
        encoded = tokenizer(
            list(words),
            is_split_into_words=True,
            add_special_tokens=False,
            split_special_tokens=True,
            verbose=False,
        )
        for token, word in zip(encoded["input_ids"], encoded.word_ids(), strict=True):
            pieces[word].append(token)
    return SubwordDocument([piece or [tokenizer.unk_token_id] for piece in pieces], list(sentences))
