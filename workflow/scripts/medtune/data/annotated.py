"""Documents with labelled mentions, as every reader of annotated corpora gives them."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import PurePosixPath

from medtune.data.deduplication import normalise
from medtune.data.dropped import Dropped

SAME_PMID = "twin: same PMID as a document that is kept"
SAME_TEXT = "twin: same text as a document that is kept"
TWIN_RULE = "of documents with the same PMID or the same normalised text the last one read is kept"

_PMID = re.compile(r"(?<!\d)\d{5,8}(?!\d)")


@dataclass(frozen=True)
class Mention:
    """A labelled part of a text. fragments: (start, end) in characters (code points), end exclusive, in the order of
    the text; more than one where the mention is discontinuous. key: its id in the document."""

    fragments: tuple[tuple[int, int], ...]
    label: str
    key: str

    @property
    def start(self) -> int:
        """Start of the first fragment."""
        return self.fragments[0][0]

    @property
    def end(self) -> int:
        """End of the last fragment."""
        return self.fragments[-1][1]

    @property
    def discontinuous(self) -> bool:
        """Whether it has more than one fragment."""
        return len(self.fragments) > 1


@dataclass(frozen=True)
class AnnotatedDocument:
    """A text and all its mentions. id: unique in its corpus. pmid: its PubMed number, where one is known."""

    id: str
    text: str
    mentions: tuple[Mention, ...]
    pmid: str | None = None


@dataclass(frozen=True)
class Corpus:
    """What a reader found. dropped: records without a document. lines: lines of annotation by kind, unknown ones too.
    repaired: BIO tags that were repaired, where the source has tags."""

    documents: tuple[AnnotatedDocument, ...]
    dropped: tuple[Dropped, ...] = ()
    lines: Mapping[str, int] = field(default_factory=dict)
    repaired: int = 0

    @property
    def records(self) -> int:
        """Records read, the dropped ones too."""
        return len(self.documents) + len(self.dropped)


def pmid_in(name: str) -> str | None:
    """The PubMed number that a file name or id holds: its last run of five to eight digits."""
    found = _PMID.findall(PurePosixPath(name).name)
    return found[-1] if found else None


def drop_twins(documents: Sequence[AnnotatedDocument], source: str) -> tuple[list[AnnotatedDocument], list[Dropped]]:
    """Keep the last of each set of twins, in the order given; see `TWIN_RULE`.

    A later release of a corpus, read after the earlier one, thus replaces it. Twins of twins are twins.
    """
    kept: list[AnnotatedDocument] = []
    dropped: list[Dropped] = []
    texts: set[str] = set()
    pmids: set[str] = set()
    for document in reversed(documents):
        text = normalise(document.text)
        if document.pmid in pmids:
            dropped.append(Dropped(source, document.id, SAME_PMID))
        elif text in texts:
            dropped.append(Dropped(source, document.id, SAME_TEXT))
        else:
            kept.append(document)
        texts.add(text)
        pmids.update({document.pmid} - {None})
    return kept[::-1], dropped[::-1]


def label_counts(documents: Iterable[AnnotatedDocument]) -> dict[str, int]:
    """Mentions by label, the most frequent first, equal ones by the alphabet."""
    counts = Counter(mention.label for document in documents for mention in document.mentions)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def shapes(documents: Iterable[AnnotatedDocument]) -> dict[str, int]:
    """Why flat tags cannot hold all mentions: how many are discontinuous, and how many pairs are `nested` (one within
    the other), on the `same_span` with two labels, `repeated` with one, or `crossing`.

    Pairs compare the ranges from the first to the last character, also of discontinuous mentions.
    """
    counts = dict.fromkeys(("discontinuous", "nested", "same_span", "repeated", "crossing"), 0)
    for document in documents:
        counts["discontinuous"] += sum(mention.discontinuous for mention in document.mentions)
        for one, other in combinations(document.mentions, 2):
            kind = _relation(one, other)
            if kind:
                counts[kind] += 1
    return counts


def _relation(one: Mention, other: Mention) -> str | None:
    """How two mentions overlap, if they do."""
    if one.end <= other.start or other.end <= one.start:
        return None
    if (one.start, one.end) == (other.start, other.end):
        return "repeated" if one.label == other.label else "same_span"
    inside = one.start <= other.start and other.end <= one.end
    outside = other.start <= one.start and one.end <= other.end
    return "nested" if inside or outside else "crossing"
