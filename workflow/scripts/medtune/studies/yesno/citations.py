"""Citations in running text: finding them, and taking them out without touching data.

A citation is a PubMed, PubMed Central or DOI reference, a trial registration number, a bracketed
reference number, a journal reference (year;volume:pages) or an author-year reference. What only
looks like one is left alone: `(n=12)`, `(12)`, `(p<0.01)`, `(2010)`, `[95% CI 0.6-0.8]`,
`F [1,306] = 0.56`, `median 5 [3-8]`. A single name with a bare year, as in `Boston (2010)`, is
left alone as well, since places, laws and surveys are written so more often than authors.
"""

import re
from collections.abc import Iterator

Span = tuple[int, int]

# Identifiers

_REGISTERED = (
    r"(?:(?:clinical\s?trials\.gov|(?:clinical\s)?trial\s(?:registration|registry|number|identifier|id)|registration"
    r"|registry|registered|identifier|number|no\.|id)(?:\s(?:at|as|with|under|in|on))?[\s:,#]+){0,5}"
)
_REGISTERS = "|".join(
    (
        r"NCT[\s-]?\d{4,11}",  # ClinicalTrials.gov
        r"ISRCTN[\s-]?\d{5,9}",
        r"EudraCT[\s:,#]*(?:(?:number|no\.?)[\s:,#]*)?\d{4}-\d{4,6}-\d{2}",
        r"EU-?CT[\s:,#]*(?:(?:number|no\.?)[\s:,#]*)?\d{4}-\d{4,6}-\d{2}(?:-\d{2})?",
        r"(?<![\d-])(?:19|20)\d{2}-\d{6}-\d{2}(?:-\d{2})?(?![\d-])",  # the same numbers alone
        r"ACTRN[\s-]?\d{8,14}",  # Australia and New Zealand
        r"ChiCTR(?:-[A-Z]+)*[\s-]?\d{5,12}",
        r"(?:JPRN-)?UMIN(?:-?CTR)?[\s-]?\d{6,9}",
        r"(?:JPRN-)?JapicCTI[\s-]?\d{5,6}",
        r"(?:JPRN-)?JMA-IIA\d{5}",
        r"(?:JPRN-)?jRCTs?[\s-]?\d{9,10}",
        r"DRKS[\s-]?\d{6,8}",  # Germany
        r"CTRI/\d{4}/\d{2,3}/\d{4,6}",  # India
        r"NTR[\s-]?\d{3,5}",  # Netherlands; NTR1 to NTR3 are receptors
        r"NL\d{4,5}\.\d{3}\.\d{2}",
        r"KCT[\s-]?\d{7}",  # Korea
        r"IRCT\d{8,}N?\d*",  # Iran
        r"PACTR[\s-]?\d{12,}",  # Africa
        r"TCTR[\s-]?\d{8,}",  # Thailand
        r"SLCTR/\d{4}/\d{3}",  # Sri Lanka
        r"RBR-[0-9a-z]{5,8}",  # Brazil
        r"RPCEC\d{6,8}",  # Cuba
        r"LBCTR\d{8,10}",  # Lebanon
        r"(?:PROSPERO[\s:,#]*)?CRD[\s-]?\d{8,}",  # reviews
        r"CD\d{6}(?:\.pub\d+)?",  # reviews of the Cochrane library
    )
)
_IDENTIFIERS = (
    re.compile(
        r"(?<!\w)(?:PubMed\s+)?PMIDs?[\s:#]*\d{1,9}(?:\s*[,;]\s*(?:and\s+)?\d{5,9})*(?!\w)"
        r"|(?<!\w)PubMed(?:\s+ID(?:entifier)?)?[\s:#]+\d{5,9}(?!\w)"
        r"|(?<!\w)(?:PMCID[\s:#]*)?PMC[\s:#]?\d{4,9}(?!\w)",
        re.IGNORECASE,
    ),
    re.compile(rf"(?<!\w){_REGISTERED}(?:{_REGISTERS})(?!\w)", re.IGNORECASE),
)
_LINKS = re.compile(
    r"(?:(?:https?://)?(?:dx\.)?doi\.org/|(?<!\w)doi[\s:]*)10\.\d[^\s\"<>]*"
    r"|(?<![\w.])10\.\d{4,9}/[^\s\"<>]+"
    r"|(?<!\w)(?:https?://)?(?:www\.)?(?:pubmed\.)?ncbi\.nlm\.nih\.gov/[^\s\"<>]+"
    r"|(?<!\w)(?:https?://)?(?:www\.)?(?:beta\.)?clinicaltrials\.gov/[^\s\"<>]+",
    re.IGNORECASE,
)

# Bracketed reference numbers

_NUMBERS = re.compile(r"\[\s*[1-9]\d{0,2}(?:\s*[,;–—-]\s*[1-9]\d{0,2})*\s*\](?!\w)(?!\s*[=<>≤≥±×])")
_STATISTIC_BEFORE = re.compile(
    r"(?:(?<!\w)(?:[FtrzT]|χ2|χ²|CI|CrI|IQR|SD|SE|SEM|range|ranging|interval|median|mean|aged?|scale)[\s:,]*"
    r"|=\s*[-−]?[\d.]+\s?%?\s*)$"
)
_SPREAD_BEFORE = re.compile(
    r"(?:(?<!\w)(?:median|mean|IQR|interquartile|range|ranging|interval|CI)(?!\w)[^;\[\]]{0,30}"
    r"|(?<![\d.])(?!(?:19|20)\d\d\s*$)\d+(?:\.\d+)?\s?%?\s*)$"
)

# Author and year

_CAPITAL = "A-ZÀ-ÖØ-ÞĀ-Ž"
_PARTICLES = r"(?:(?:van|von|der|den|de|del|della|di|da|dos|la|le|el|al|bin|ibn|ter|ten)\s){0,3}"
_INITIALS = rf"(?:,?\s[{_CAPITAL}]\.?(?:[\s-]?[{_CAPITAL}]\.?){{0,2}}(?!\w))?"
_NAME = rf"(?:[{_CAPITAL}]\.\s?){{0,3}}{_PARTICLES}[{_CAPITAL}](?:[^\W\d_]|['’‐-])*[a-zß-öø-ÿā-ž](?!\w){_INITIALS}"
_YEAR = r"(?:19|20)\d{2}[a-z]?(?!\w)"
_YEARS = rf"{_YEAR}(?:\s?(?:,|/|&|and)\s?(?:{_YEAR}|[a-z](?!\w)))*"
_AND = r"(?:\s?,)?(?:\sand\s|\s?&\s?)"
_PAIR = rf"(?<!\w){_NAME}(?:\s?,\s?{_NAME}){{0,8}}{_AND}{_NAME}"
_GROUP_OF_AUTHORS = (
    rf"(?<!\w){_NAME}(?:(?:{_AND}|\s?,\s?){_NAME}){{0,8}}\s?,?\s"
    rf"(?:et\.?\s?al(?!\w)\.?|and\s(?:colleagues|co-?workers|others)(?!\w))"
)
_JOURNAL_IN_PARENTHESES = r"\([^()]{0,80}?\d+\s?(?:\(\d+\))?:\s?[eE]?\d+[^()]{0,30}\)"

_ET_AL = re.compile(
    rf"{_GROUP_OF_AUTHORS},?\s?(?:\(\s?{_YEARS}\s?\)|\[\s?{_YEARS}\s?\]|{_YEARS}|{_JOURNAL_IN_PARENTHESES})"
)
_PAIR_THEN_YEAR = re.compile(rf"({_PAIR})\s?\(\s?{_YEARS}\s?\)")
_PAIR_AND_YEAR = re.compile(rf"({_PAIR})\s?,?\s?{_YEARS}")
_ONE_AND_YEAR = re.compile(
    rf"(?:(?:see(?:\salso)?|e\.g\.|i\.e\.|cf\.?|after|from|reviewed\sin|reviewed\sby),?\s)?"
    rf"({_NAME})(?:\s?,\s?|\s){_YEARS}(?:,?\spp?\.\s?\d+(?:[–-]\d+)?)?",
)
_GROUP = re.compile(r"\(([^()\[\]]*)\)|\[([^()\[\]]*)\]")
_JOURNAL = re.compile(
    rf"(?:(?<!\w)[{_CAPITAL}][A-Za-z]*\.?\s){{0,6}}(?<!\w)(?:19|20)\d{{2}}(?:\s[A-Z][a-z]{{2}}(?:\s\d{{1,2}})?)?"
    r"(?:;\d+(?:\(\w{1,8}\))?:[A-Za-z]?\d+(?:[–-]\d+)?|;\s?\d+(?:\(\w{1,8}\))?:\s?[eE]?\d+[–-]\d+)"
)
_JOURNAL_AND_YEAR = re.compile(
    r"(?<!\w)(?:JAMA(?:\s[A-Z][a-z]+(?:\s[A-Z][a-z]+)?)?|BMJ(?:\sOpen)?|The\sLancet|Lancet(?:\s[A-Z][a-z]+)?|NEJM"
    r"|N\.?\sEngl\.?\sJ\.?\sMed\.?|Ann\.?\sIntern\.?\sMed\.?|PLoS\s(?:One|ONE|Med)|J\.?\sClin\.?\sOncol\.?"
    r"|Cochrane\sDatabase\s(?:of\s)?Syst(?:ematic)?\.?\sRev(?:iews)?\.?),?\s(?:\((?:19|20)\d{2}\)|(?:19|20)\d{2}(?!\w))"
)
"""A journal's name with a year alone: of journals whose names are no other words."""
_STUBS = re.compile(
    r"(?<!\w)(?:https?://(?:www\.)?(?:dx\.)?(?:doi\.org|(?:pubmed\.)?ncbi\.nlm\.nih\.gov)?/?|(?:dx\.)?doi\.org/?"
    r"|(?:doi|PMID|PMCID):)(?=\s*(?:[).,;\]]|$))",
    re.IGNORECASE,
)
"""What is left of a link or an identifier that was taken out before."""
_GOES_WITH_YEARS = """
january february march april may june july august september october november december jan feb mar apr jun jul
aug sep sept oct nov dec spring summer autumn fall winter monday tuesday wednesday thursday friday saturday sunday
phase stage group study trial table figure fig wave year version class edition guideline guidelines report census
survey medicare medicaid africa america asia europe australia austria belgium brazil canada chile china denmark
egypt england ethiopia finland france germany ghana greece hungary india indonesia iran iraq ireland israel italy
japan kenya korea malaysia mexico netherlands nigeria norway pakistan peru poland portugal russia scotland
singapore spain sweden switzerland taiwan tanzania thailand turkey uganda vietnam wales zealand california florida
texas ontario quebec rome vienna atlanta oslo kyoto ottawa milan bonn madrid dublin windows excel stata
london paris berlin boston chicago beijing tokyo toronto sydney helsinki geneva
"""
_NOT_AUTHORS = frozenset(_GOES_WITH_YEARS.split())

# Tidying up what a removal leaves behind; the mark stands where a citation stood, with at most one
# white-space character on either side.

_MARK = "\0"
_REPORTS = (
    r"(?:showed|shown|reported|found|demonstrated|concluded|suggested|observed|noted|described|stated|argued|proposed)"
)
_TIDY = tuple(
    (re.compile(pattern, re.IGNORECASE), replacement)
    for pattern, replacement in (
        (r"\0(?:\s?[,;–—-]?\s?(?:(?:and|or|&)\s)?\0)+", "\0"),
        (r"\0\s?\.\s?\0\s?(?=\.)", "\0"),
        (
            r"(?<!\w)(?:see(?:\salso)?|e\.g\.|i\.e\.|cf\.?|refs?\.?|references?|(?:as\s)?(?:shown|described|reported"
            r"|reviewed)\s(?:in|by)|according\sto|adapted\sfrom|in|by|from|of|per)[,:]?\s?\0",
            "\0",
        ),
        (r"[(\[][\s,;:.]?\s?\0[\s,;:.\0]*[)\]]", "\0"),
        (r"([(\[])\s?\0\s?[,;:]?\s?", r"\1"),
        (r"\s?[,;:]?\s?\0\s?([)\]])", r"\1"),
        (r"([,;])\s?\0\s?[,;]", r"\1"),
    )
)
_REPORTING = re.compile(rf"(^|[.!?]\s)\0\s?,?\s?(?:(?:have|has|also)\s)*{_REPORTS}\sthat\s(\w)", re.IGNORECASE)
_CLOSE = (
    (re.compile(r"^\s?\0[\s,;:.\0]*"), ""),
    (re.compile(r"([.!?])\s?\0\s?[.,;:]"), r"\1"),
    (re.compile(r"\s?[,;:]?\s?\0\s?(?=[.!?])"), ""),
    (re.compile(r"\s?\0\s?(?=[,;:)\]])"), ""),
    (re.compile(r"\s?[,;:]?\s?\0\s?$"), ""),
    (re.compile(r"\s\0\s?|\0\s"), " "),
    (re.compile(r"\0"), ""),
)


def find_citations(text: str) -> list[str]:
    """The citations in a text, in order, without the parentheses around them."""
    return [text[start:end] for start, end in _spans(text)]


def strip_citations(text: str) -> str:
    """The text without its citations and without the spaces, parentheses and commas they leave.

    A text without citations comes back unchanged, so stripping twice changes nothing more.
    """
    while spans := _spans(text):
        text = _remove(text, spans)
    return text


def _spans(text: str) -> list[Span]:
    """Start and end of each citation; overlapping finds are one."""
    if not any(character.isdigit() or character in ":/" for character in text):
        return []  # every kind holds a digit, or is a link's stub; most texts of a large corpus end here
    merged: list[Span] = []
    for start, end in sorted(_found(text)):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _found(text: str) -> Iterator[Span]:
    """Every find of every kind, in no order."""
    for pattern in _IDENTIFIERS:
        yield from (match.span() for match in pattern.finditer(text))
    for match in _LINKS.finditer(text):
        yield match.start(), match.start() + len(_without_closing_punctuation(match.group()))
    yield from (match.span() for match in _NUMBERS.finditer(text) if not _is_data(text, match))
    yield from (match.span() for match in _JOURNAL.finditer(text))
    yield from (match.span() for match in _JOURNAL_AND_YEAR.finditer(text))
    yield from (match.span() for match in _STUBS.finditer(text))
    yield from (match.span() for match in _ET_AL.finditer(text))
    yield from (match.span() for match in _PAIR_THEN_YEAR.finditer(text) if _are_authors(match[1]))
    for group in _GROUP.finditer(text):
        yield from _in_group(group)


def _in_group(group: re.Match) -> Iterator[Span]:
    """Author-year references inside a pair of parentheses or brackets, part by part."""
    content = group[1] if group[1] is not None else group[2]
    offset = group.start() + 1
    for match in _PAIR_AND_YEAR.finditer(content):
        if _are_authors(match[1]):
            yield offset + match.start(), offset + match.end()
    for part in re.finditer(r"[^;\s](?:[^;]*[^;\s])?", content):
        match = _ONE_AND_YEAR.fullmatch(part.group())
        if match and _are_authors(match[1]):
            yield offset + part.start(), offset + part.end()


def _are_authors(names: str) -> bool:
    """Whether no word of the names is a month, a place or another word that goes with years."""
    return not any(word.casefold() in _NOT_AUTHORS for word in re.findall(r"[^\W\d_]+", names))


def _is_data(text: str, numbers: re.Match) -> bool:
    """Whether bracketed numbers are a statistic's degrees of freedom, a range or an interval."""
    before = text[max(0, numbers.start() - 60) : numbers.start()]
    several = not numbers.group()[1:-1].strip().isdigit()
    return bool(_STATISTIC_BEFORE.search(before) or (several and _SPREAD_BEFORE.search(before)))


def _without_closing_punctuation(link: str) -> str:
    """A link without the sentence's own punctuation; a parenthesis that it opened itself stays."""
    while link[-1] in ".,;:?!'\")]}" and not (link[-1] == ")" and link.count("(") >= link.count(")")):
        link = link[:-1]
    return link


def _remove(text: str, spans: list[Span]) -> str:
    """Take the spans out and tidy up around them, nowhere else."""
    bounds = [0, *(edge for span in spans for edge in span), len(text)]
    kept = [text[start:end].replace(_MARK, "") for start, end in zip(bounds[::2], bounds[1::2], strict=True)]
    text = _MARK.join(
        _one_space(piece, at_start=number > 0, at_end=number < len(spans)) for number, piece in enumerate(kept)
    )
    while (tidier := _tidied(text)) != text:
        text = tidier
    text = _REPORTING.sub(lambda match: match[1] + match[2].upper(), text)
    for pattern, replacement in _CLOSE:
        text = pattern.sub(replacement, text)
    return text


def _one_space(piece: str, at_start: bool, at_end: bool) -> str:
    """The piece with one space for all white space next to a mark."""
    if at_start and piece != piece.lstrip():
        piece = " " + piece.lstrip()
    if at_end and piece != piece.rstrip():
        piece = piece.rstrip() + " "
    return piece


def _tidied(text: str) -> str:
    """The text after the first rule that changes it: earlier rules come first, again and again."""
    return next((new for pattern, replacement in _TIDY if (new := pattern.sub(replacement, text)) != text), text)
