"""How varied the wording of texts is."""

from collections import Counter
from collections.abc import Iterable, Sequence

from medtune.data.deduplication import normalise


def distinct_ngrams(texts: Iterable[str], sizes: Sequence[int] = (1, 2, 3, 4)) -> list[dict]:
    """Distinct runs of n words among all of them (distinct-n, Li et al. 2016), for each n of `sizes`.

    Words are compared as `normalise` leaves them; no run goes across two texts. `share` is distinct over total, 0 where
    there is no run; it falls with the amount of text, so that only corpora of about the same size compare.
    """
    words = [normalise(text).split() for text in texts]
    rows = []
    for size in sizes:
        found = Counter(tuple(run[start : start + size]) for run in words for start in range(len(run) - size + 1))
        total = found.total()
        rows.append({"n": size, "distinct": len(found), "total": total, "share": len(found) / total if total else 0.0})
    return rows
