"""Where sentences end in biomedical prose, by rules; no trained model is needed."""

import re

_CANDIDATE = re.compile(r"(?<![.!?])[.!?]+[\"'”’)\]]*(?:\s+(?=[\"'“‘(\[]?[^\W_a-z])|(?=[A-Z][a-z]))")
_WORD = re.compile(r"\w+")
_ABBREVIATIONS = (
    "e.g i.e vs cf al fig figs tab eq eqs ref refs dr prof mr mrs ms st approx ca viz incl spp ssp subsp jr"
)
_NEVER_LAST = frozenset(_ABBREVIATIONS.split())
_NEVER_LAST_BEFORE_NUMBER = frozenset({"no", "nos", "vol", "p", "pp", "ch", "sect"})
_LETTERED = """
vitamin vitamins hepatitis type types group groups class grade stage arm arms factor influenza immunoglobulin phase
protein chain strain level category score subtype cohort
"""
_LETTER_BELONGS_TO = frozenset(_LETTERED.split())
_FIRST_WORDS = """
a additionally although an as at both by clinicians conversely despite finally for from further furthermore future
given he hence however if in it its moreover nevertheless no of on one our overall patients physicians several she
similarly since some studies such that the their there therefore these they this those thus to treatment two use we
when whereas whether while with women
"""
_OPENERS = frozenset(_FIRST_WORDS.split())


def sentences(text: str) -> list[str]:
    """The sentences of a text, white space collapsed. An empty text has none.

    A full stop ends a sentence when an upper-case letter or a digit follows, but not after an
    abbreviation (e.g., vs., et al., Fig.), an initial (J. Smith, S. Typhimurium), an item's number or in a number.
    """
    text = " ".join(text.split())
    found, start = [], 0
    for match in _CANDIDATE.finditer(text):
        if _ends(text, match):
            found.append(text[start : match.end()].strip())
            start = match.end()
    return [sentence for sentence in [*found, text[start:].strip()] if sentence]


def _ends(text: str, mark: re.Match) -> bool:
    """Whether the punctuation at `mark` closes a sentence. text: with single spaces only."""
    if text[mark.start()] != "." or mark.group()[1:2] == ".":
        return True
    start = text.rfind(" ", 0, mark.start()) + 1
    last = text[start : mark.start()].lstrip("([\"'“‘")
    previous = text[text.rfind(" ", 0, max(0, start - 1)) + 1 : max(0, start - 1)]
    if not last:  # "so . But", not "(.)Vo"
        return text[start : mark.start()] == "" and start > 0
    if mark.group() == ".":
        # "hospice.The": a lost space, unless the word looks like a name or an address.
        return bool(re.fullmatch(r"[a-z-]{3,}", last))
    if last.lower() in _NEVER_LAST:
        return False
    if re.fullmatch(r"\d{1,2}", last) and previous[-1:] in ("", ".", ";", ":"):  # 1. First item
        return False
    if last.lower() in _NEVER_LAST_BEFORE_NUMBER and text[mark.end()].isdigit():
        return False
    following = _WORD.search(text, mark.end())
    opener = following is not None and following.group().lower() in _OPENERS
    if re.fullmatch(r"(?:[^\W\d_]\.)+[^\W\d_]", last):  # U.S., a.m.
        return opener
    if re.fullmatch(r"[^\W\d_]", last) and last.isupper():  # an initial, or vitamin D, -0.5 D
        return opener or previous.lower() in _LETTER_BELONGS_TO or previous[-1:].isdigit()
    return True
