"""Lists of terms, as the modules of synthetic data write them down."""


def terms_in(text: str, separator: str = ";") -> tuple[str, ...]:
    """The terms of a text in which they are parted by a separator, with single spaces inside."""
    return tuple(" ".join(term.split()) for term in text.split(separator))
