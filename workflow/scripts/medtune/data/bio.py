"""BIO tags and the spans they stand for: the one place that knows the scheme.

A tag is "O", "B-" and a type (the first word of a span) or "I-" and a type (a further one), as in IOB2
(Tjong Kim Sang and Veenstra 1999). The one rule of repair, for gold and predictions alike: an "I-" that does not follow
"B-" or "I-" of the same type starts a span, and becomes "B-".
"""

from collections.abc import Iterable, Sequence

from medtune.data.span import Span

OUTSIDE, BEGIN, INSIDE = "O", "B-", "I-"
RULE = 'an "I-" that does not follow "B-" or "I-" of the same type becomes "B-"'


def tag_list(types: Iterable[str]) -> list[str]:
    """All tags of some types: "O", then "B-" and "I-" of each type in the alphabet's order. The id of a tag is its
    place in the list."""
    return [OUTSIDE, *(prefix + name for name in sorted(set(types)) for prefix in (BEGIN, INSIDE))]


def repair(tags: Sequence[str]) -> tuple[list[str], int]:
    """The tags with the rule above applied, and how many it changed. Repairing twice changes nothing more.

    Raises ValueError for what is no tag.
    """
    repaired: list[str] = []
    count = 0
    for tag in tags:
        prefix, name = _parted(tag)
        if prefix == INSIDE and (not repaired or repaired[-1] not in (BEGIN + name, INSIDE + name)):
            tag = BEGIN + name
            count += 1
        repaired.append(tag)
    return repaired, count


def spans_of(tags: Sequence[str]) -> list[Span]:
    """The spans of the tags, which are repaired first: word indices, end exclusive, in the order of the text.

    On repaired tags these are the entities of seqeval's strict IOB2. Raises ValueError for what is no tag.
    """
    spans: list[Span] = []
    start = 0
    repaired, _ = repair(tags)
    for index, tag in enumerate(repaired):
        if tag.startswith(BEGIN):
            start = index
        following = repaired[index + 1] if index + 1 < len(repaired) else OUTSIDE
        if tag != OUTSIDE and not following.startswith(INSIDE):
            spans.append(Span(start, index + 1, tag[len(BEGIN) :]))
    return spans


def tags_of(spans: Iterable[Span], length: int) -> list[str]:
    """One tag for each of `length` words. Raises ValueError when spans overlap or end after the last word."""
    tags = [OUTSIDE] * length
    for span in spans:
        if span.end > length or any(tag != OUTSIDE for tag in tags[span.start : span.end]):
            raise ValueError(f"{span} overlaps another span or ends after the last of {length} words")
        tags[span.start : span.end] = [BEGIN + span.label, *[INSIDE + span.label] * (span.end - span.start - 1)]
    return tags


def _parted(tag: str) -> tuple[str, str]:
    """Prefix and type of a tag; both empty for "O"."""
    if tag == OUTSIDE:
        return "", ""
    prefix, name = tag[: len(BEGIN)], tag[len(BEGIN) :]
    if prefix not in (BEGIN, INSIDE) or not name:
        raise ValueError(f'"{tag}" is no tag; expected "O", or "B-" or "I-" and a type')
    return prefix, name
