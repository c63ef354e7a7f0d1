"""Long documents as overlapping windows of words, and one prediction for each word from all windows.

Pure functions over numbers of subwords; no tokenizer is needed. A limit counts the subwords of words only: whoever
adds special tokens takes them off before.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple, TypeVar

T = TypeVar("T")

HALF = 2
"""A window gives up at most one part in so many of its room to end where a sentence ends."""


class Window(NamedTuple):
    """A run of words of a document. last: exclusive."""

    first: int
    last: int


def windows(subwords: Sequence[int], sentences: Sequence[int], limit: int, overlap: int) -> list[Window]:
    """Windows that together hold every word, each of at most `limit` subwords.

    subwords: number of subwords of each word; 0 is allowed (signs that a tokenizer leaves out). sentences: index of the
    first word of each sentence. overlap: subwords that the end of a window shares with the start of the next one.

    A document that fits is one window. Otherwise a window takes the words that fit and gives back those after the last
    sentence end, if at least half of the room stays in use. The next one starts `overlap` subwords (or one word more)
    before that end; at the start of the sentence there, if this at most doubles the overlap. A word of more than
    `limit` subwords is a window of its own, and the caller cuts its subwords.
    Raises ValueError unless 0 <= overlap <= limit / 2.
    """
    if not 0 <= overlap <= limit / 2:
        raise ValueError(f"overlap {overlap}: expected 0 or more, and at most half of the limit of {limit} subwords")
    count = len(subwords)
    before = [0, *accumulate(subwords)]
    starts = sorted({start for start in sentences if 0 < start < count})
    found: list[Window] = []
    first = covered = 0
    while covered < count:
        last = _fitting(before, first, limit)
        if last <= covered:  # the words shared leave no room for the next one
            first, last = covered, max(covered + 1, _fitting(before, covered, limit))
        if last < count:
            least = max(covered + 1, bisect_left(before, before[first] + limit / HALF))
            last = _last_at_most(starts, last, at_least=least) or last
        found.append(Window(first, last))
        covered = last
        first = max(first + 1, _shared(before, starts, last, overlap))
    return found


def homes(spread: Sequence[Window], subwords: Sequence[int]) -> list[int]:
    """Number of the window that speaks for each word: the one where the word has most context.

    The context of a word is the smaller of the numbers of subwords before and after it in the window; a side on which
    the document itself ends counts as complete. Of equals the earlier window speaks.
    Raises ValueError when a word is in no window.
    """
    count = len(subwords)
    before = [0, *accumulate(subwords)]
    best: list[tuple[float, int]] = [(-1.0, -1)] * count
    for number, (first, last) in enumerate(spread):
        for word in range(first, last):
            left = before[word] - before[first] if first > 0 else float("inf")
            right = before[last] - before[word + 1] if last < count else float("inf")
            if min(left, right) > best[word][0]:
                best[word] = (min(left, right), number)
    lost = next((word for word, (_, number) in enumerate(best) if number < 0), None)
    if lost is not None:
        raise ValueError(f"word {lost} of {count} is in no window")
    return [number for _, number in best]


def merge(spread: Sequence[Window], subwords: Sequence[int], values: Sequence[Sequence[T]]) -> list[T]:
    """One value for each word of the document, from the window that `homes` names.

    values: for each window the values of its words. Raises ValueError when a window has another
    number of them.
    """
    for window, row in zip(spread, values, strict=True):
        if len(row) != window.last - window.first:
            raise ValueError(f"{window} has {len(row)} values; expected one for each word")
    return [values[home][word - spread[home].first] for word, home in enumerate(homes(spread, subwords))]


def _fitting(before: Sequence[int], first: int, limit: int) -> int:
    """End of the longest run of words from `first` on that fits."""
    return bisect_right(before, before[first] + limit) - 1


def _last_at_most(starts: Sequence[int], most: int, at_least: int) -> int | None:
    """The last sentence start in [at_least, most], if there is one."""
    place = bisect_right(starts, most) - 1
    return starts[place] if place >= 0 and starts[place] >= at_least else None


def _shared(before: Sequence[int], starts: Sequence[int], last: int, overlap: int) -> int:
    """First word of the window after the one that ends at `last`."""
    if overlap == 0:
        return last
    nearest = bisect_right(before, before[last] - overlap) - 1
    furthest = bisect_left(before, before[last] - 2 * overlap)
    return _last_at_most(starts, nearest, at_least=furthest) or nearest
