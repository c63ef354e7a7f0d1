"""Terms of synthetic data that studies share, and how the modules of each write lists of them down."""

POPULATIONS = (
    "adults",
    "older adults",
    "children",
    "pregnant women",
    "smokers",
    "nurses",
    "athletes",
    "veterans",
    "teenagers",
    "hospital patients",
)


def terms_in(text: str) -> tuple[str, ...]:
    """The terms of a text in which they are parted by semicolons, with single spaces inside."""
    return tuple(" ".join(term.split()) for term in text.split(";"))
