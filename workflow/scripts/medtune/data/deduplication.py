"""Twins: texts that are the same but for case, punctuation and spacing."""

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from medtune.errors import InputError

T = TypeVar("T")


def normalise(text: str) -> str:
    """The form in which twins are equal: compatibility characters resolved, case folded,
    punctuation gone, spaces collapsed. Signs such as < and + are kept: they carry meaning."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join("".join(" " if unicodedata.category(c).startswith("P") else c for c in folded).split())


def drop_repeats(
    items: Iterable[T], texts_of: Mapping[str, Callable[[T], str]]
) -> tuple[list[T], list[tuple[T, str, T]]]:
    """Keep an item unless one of its texts has a twin in an item that was kept before it.

    texts_of: what gives each text of an item, by its name; texts of different names are not compared. Returns the kept
    items, and of each other one itself, the name of its first repeated text, and the kept item that has the twin.
    """
    homes: dict[tuple[str, str], T] = {}
    kept, dropped = [], []
    for item in items:
        texts = [(name, normalise(text_of(item))) for name, text_of in texts_of.items()]
        repeated = next((text for text in texts if text in homes), None)
        if repeated:
            dropped.append((item, repeated[0], homes[repeated]))
        else:
            kept.append(item)
            homes.update(dict.fromkeys(texts, item))
    return kept, dropped


@dataclass
class DistinctTexts:
    """Texts that a generator draws until it has as many different ones as are wanted. taken: texts that stand already,
    in the form of `normalise`; those drawn are added. fault: what is said where so many cannot be found."""

    taken: set[str]
    wanted: int
    fault: str
    repeats: int = 0

    def is_new(self, text: str) -> bool:
        """Whether the text was not there yet. Raises InputError when 20 times as many as are wanted were."""
        twin = normalise(text)
        if twin not in self.taken:
            self.taken.add(twin)
            return True
        self.repeats += 1
        if self.repeats > 20 * self.wanted:
            raise InputError(f"{self.fault}; ask for fewer")
        return False
