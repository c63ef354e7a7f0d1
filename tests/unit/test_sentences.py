import pytest
from hypothesis import given
from hypothesis import strategies as st

from medtune.data.sentences import sentences


@pytest.mark.parametrize(
    "first, rest",
    [
        ("Risk fell.", "It rose later."),
        ("Risk fell by 0.05 mg vs. 1.5 mg.", "It rose later."),
        ("Drugs, e.g. Aspirin, i.e. Those above, helped (cf. Fig. 2).", "The rest did not."),
        ("Smith et al. Reported this.", "So did others."),
        ("J. R. Smith of the U.S. Army wrote it.", "Others agreed."),
        ("We grew S. Typhimurium and E. coli.", "They lived."),
        ("Adults need vitamin D.", "Children need more."),
        ("It causes hepatitis B.", "Other viruses do not."),
        ("He lives in the U.S.", "The rest do not."),
        ("Refraction changed by -0.5 D.", "Cycloplegia was used."),
        ("Is it so?", "Yes!"),
        ('He said "no."', "She agreed."),
        ("See section no. 3 first.", "Then go on."),
        ("It was 5 mg.", "20 adults took it."),
        ("The (.)Vo(2)peak was true.", "So was the rest."),
        ("Risk fell .", "It rose later."),
        ("1. It is safe; 2. It is cheap.", "Nothing else matters."),
    ],
)
def test_a_sentence_ends_where_the_next_begins(first, rest):
    assert sentences(f"{first} {rest}") == [first, rest]


def test_a_lost_space_between_sentences_is_forgiven():
    assert sentences("They were in hospice.The practice changed.") == ["They were in hospice.", "The practice changed."]
    assert sentences("It is at ClinicalTrials.Gov now.") == ["It is at ClinicalTrials.Gov now."]


def test_an_empty_text_has_no_sentence():
    assert sentences(" \n") == []


@given(st.text(alphabet="ab AB1.?!()\"' \n", max_size=40))
def test_sentences_put_together_are_the_text(text):
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())
