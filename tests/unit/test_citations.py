import json
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medtune.studies.yesno.citations import find_citations, strip_citations


@pytest.mark.parametrize(
    "text, citations, stripped",
    [
        ("Risk fell (PMID: 12345678).", ["PMID: 12345678"], "Risk fell."),
        ("Risk fell. PMID 123, PMC1234567.", ["PMID 123", "PMC1234567"], "Risk fell."),
        ("Risk fell, PMIDs: 123456, 234567.", ["PMIDs: 123456, 234567"], "Risk fell."),
        ("Risk fell (PMCID: PMC3456789).", ["PMCID: PMC3456789"], "Risk fell."),
        ("Risk fell [1]. [2] Pain rose.", ["[1]", "[2]"], "Risk fell. Pain rose."),
        ("Risk fell [1]. PMID 123. Pain rose.", ["[1]", "PMID 123"], "Risk fell. Pain rose."),
        ("[1] Risk  fell \n[2]\n in adults.", ["[1]", "[2]"], "Risk  fell in adults."),
        ("Did risk fall (doi:10.1000/xyz123)?", ["doi:10.1000/xyz123"], "Did risk fall?"),
        ("Risk fell doi:10.1000/xyz123.", ["doi:10.1000/xyz123"], "Risk fell."),
        (
            "Risk fell (https://doi.org/10.1016/S0140-6736(05)12345-6).",
            ["https://doi.org/10.1016/S0140-6736(05)12345-6"],
            "Risk fell.",
        ),
        ("As 10.1056/NEJMoa1200303 says, risk fell.", ["10.1056/NEJMoa1200303"], "As says, risk fell."),
        ("Risk fell (ClinicalTrials.gov NCT01234567).", ["ClinicalTrials.gov NCT01234567"], "Risk fell."),
        (
            "Risk fell. Trial registration: ISRCTN12345678.",
            ["Trial registration: ISRCTN12345678"],
            "Risk fell.",
        ),
        ("Risk fell [3].", ["[3]"], "Risk fell."),
        ("Risk fell [1,2-4] in adults.", ["[1,2-4]"], "Risk fell in adults."),
        ("Risk fell[12], as did pain [5] and [7].", ["[12]", "[5]", "[7]"], "Risk fell, as did pain."),
        ("Risk fell (Smith et al., 2010).", ["Smith et al., 2010"], "Risk fell."),
        ("Smith et al. (2010) showed that risk fell.", ["Smith et al. (2010)"], "Risk fell."),
        ("Risk fell in Smith and Jones (2009).", ["Smith and Jones (2009)"], "Risk fell."),
        (
            "Risk fell (Smith and Jones 2009; O'Brien, 2011; see van der Berg et al. 2012a,b) again.",
            ["Smith and Jones 2009", "O'Brien, 2011", "van der Berg et al. 2012a,b"],
            "Risk fell again.",
        ),
        ("Risk fell (n=12; Müller & Öst, 2010; p<0.01).", ["Müller & Öst, 2010"], "Risk fell (n=12; p<0.01)."),
        ("Risk fell [Smith et al., 2010].", ["Smith et al., 2010"], "Risk fell."),
        ("Risk fell. Lancet 2010;28:123-9.", ["Lancet 2010;28:123-9"], "Risk fell."),
    ],
)
def test_a_citation_goes_with_the_punctuation_around_it(text, citations, stripped):
    assert find_citations(text) == citations
    assert strip_citations(text) == stripped


@pytest.mark.parametrize(
    "identifier",
    [
        "NCT01234567",
        "ISRCTN12345678",
        "EudraCT 2004-000123-12",
        "2004-000123-12",
        "ACTRN12605000000123",
        "ChiCTR-TRC-10001234",
        "ChiCTR2000029308",
        "UMIN000001234",
        "DRKS00001234",
        "CTRI/2010/091/000123",
        "jRCT1031180123",
        "NTR1234",
        "KCT0001234",
        "IRCT201012345678N1",
        "PACTR201001000123456",
        "TCTR20150101001",
        "CRD42012345678",
    ],
)
def test_trial_numbers_of_all_registers_are_removed(identifier):
    assert strip_citations(f"Pain fell ({identifier}) in adults.") == "Pain fell in adults."


@pytest.mark.parametrize(
    "text",
    [
        "Adults (n=12) fared better (p<0.01).",
        "Three groups: (1) usual care, (2) drug and (12) more (2010).",
        "The ratio was 0.7 [95% CI 0.6-0.8] or [0.6, 0.8] or CI [1-3].",
        "Bias was seen (F [1,306] = 0.56, P = .45).",
        "Stay was 5 [3-8] days, median age 57 years [36-81].",
        "Uptake of [18F]FDG and [11C]choline, 35 kg/m(2), PaO(2)/FIO(2) and 4 [SD = 2].",
        "Data came from Ontario (Ontario, 2005), (July 2007), (March, 2010) and (1998-2003, n=313).",
        "In Boston (2010) and in January 2008 (1888) the rate was 10.5/100.",
        "The receptors NTR1 and NTR2, gene PMC1 and 16/1212 samples (rs3020450).",
        "",
    ],
)
def test_data_is_not_a_citation(text):
    assert find_citations(text) == []
    assert strip_citations(text) == text


def test_the_real_corpus_keeps_its_data_and_loses_its_citations(corpora):
    records = json.loads((corpora / "pubmedqa/ori_pqal.json").read_text(encoding="utf-8")).values()
    texts = [[r["QUESTION"], *r["CONTEXTS"], r["LONG_ANSWER"]] for r in records]
    data = {
        "number": r"\(\d+\)",
        "size": r"\([nN]\s?=\s?\d+",
        "p": r"\([pP]\s*[<=>]",
        "CI": r"95\s?% (?:CI|confidence)",
    }
    clean = [[strip_citations(text) for text in record] for record in texts]
    for name, pattern in data.items():
        before = [sum(len(re.findall(pattern, text)) for text in record) for record in texts]
        after = [sum(len(re.findall(pattern, text)) for text in record) for record in clean]
        assert before == after, name
        assert sum(map(bool, before)) >= 40, name

    references = [re.findall(r"\[\d+(?:, ?\d+)*\]", " ".join(record)) for record in texts]
    assert sum(map(bool, references)) == 3
    left = [re.findall(r"\[\d+(?:, ?\d+)*\]", " ".join(record)) for record in clean]
    assert [found for found in left if found] == [["[1,306]", "[1,306]"]]  # degrees of freedom


def test_long_runs_of_anything_take_no_noticeable_time():
    for run in (" ", "(", "[1, ", "Smith, ", "Smith and ", "J. ", "van ", "10.1000/", "registration ", "Lancet "):
        started = time.perf_counter()
        strip_citations(run * 2_000 + "[1]" + run * 2_000 + "2010")
        assert time.perf_counter() - started < 5


FRAGMENTS = st.sampled_from(
    [
        *"()[];,.? \n",
        "\0",
        " and ",
        "see ",
        "Smith",
        " et al. ",
        "2010",
        "(Smith, 2010)",
        "Smith and Jones (2009)",
        "[1]",
        "[2-4]",
        "PMID: 123456",
        "NCT01234567",
        "doi:10.1000/x",
        "registered as ",
        "found that ",
        "risk",
        "12",
        "Lancet 2010;28:123-9",
    ]
)


@given(st.lists(FRAGMENTS | st.text(max_size=3), max_size=14).map("".join))
def test_after_stripping_nothing_is_found_and_stripping_again_changes_nothing(text):
    stripped = strip_citations(text)
    assert find_citations(stripped) == []
    assert strip_citations(stripped) == stripped
    if not find_citations(text):
        assert stripped == text


@pytest.mark.parametrize(
    "text, left",
    [
        ("Statins help (BMJ 2010;340:c123).", "Statins help."),
        ("Statins help (Jones 2014).", "Statins help."),
        ("Statins help (JAMA 2019).", "Statins help."),
        ("Statins help (N Engl J Med 2019).", "Statins help."),
        ("Statins help (CD001234).", "Statins help."),
        ("Statins help (CD001234.pub2).", "Statins help."),
        ("Statins help (https://doi.org/).", "Statins help."),
        ("Statins help, doi: .", "Statins help."),
        ("CD4 counts rose (Boston 2010, Rome 2006).", "CD4 counts rose (Boston 2010, Rome 2006)."),
        ("Follow-up ended (December 2014), ratio 3:4, 5 mg/kg: fine.", None),
        ("The criteria (Vienna 2003) were met.", None),
    ],
)
def test_short_citations_and_stubs_go_and_what_looks_like_them_stays(text, left):
    assert strip_citations(text) == (left or text)
