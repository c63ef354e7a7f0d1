import numpy as np
import pytest
from hypothesis import given

from medtune.errors import InputError
from medtune.metrics.text.medical_terms import BUILT_IN_TERMS, load_terms, medical_terms, terms_of
from tests.unit.text_cases import NASTY, PREDICTIONS, REFERENCES, pairs


@pytest.fixture(scope="module")
def known():
    return load_terms(BUILT_IN_TERMS)


def test_the_longest_term_is_taken_once(known):
    text = "Viral pneumonia is pneumonia by a virus. Viral pneumonia heals."
    assert terms_of(text, known) == {"viral pneumonia", "pneumonia"}


def test_plurals_case_hyphens_and_possessives_do_not_matter(known):
    assert terms_of("METASTASES, ulcers and allergies", known) == terms_of("metastasis; Ulcer; allergy", known)
    assert terms_of("Wilson's disease", known) == terms_of("wilson disease", known) == {"wilson disease"}
    assert terms_of("a heart-attack", known) == {"heart attack"}


def test_parts_of_words_are_no_terms(known):
    assert terms_of("painting feverishly", known) == set()


def test_clinical_endings_count_also_in_the_plural(known):
    named = terms_of("Dapagliflozin after neurocysticercosis; two polyradiculopathies, hemangioblastomas", known)
    assert named >= {"dapagliflozin", "neurocysticercosis", "hemangioblastoma"}


def test_amounts_are_equal_by_number_and_unit(known):
    assert terms_of("5mg, 1,000 units, 2.5 µg", known) == terms_of("5 milligrams; 1000 units; 2.5 mcg", known)
    assert terms_of("5 mg", known) != terms_of("5 g", known)
    assert terms_of("5 mg", known) != terms_of("50 mg", known)
    assert terms_of("2,5 ml", known) == {"2,5 ml"}
    assert terms_of("5 mgs 5 gardens", known) == set()


def test_f1_by_hand_and_over_all_items_together():
    scores = medical_terms(["pain and fever", "asthma"], ["fever and cough", "asthma"])["medical_term_f1"]
    assert scores.items == pytest.approx([0.5, 1])
    assert scores.estimate().value == pytest.approx(2 * 2 / (2 * 2 + 1 + 1))


def test_an_item_without_terms_has_no_score_and_does_not_count():
    scores = medical_terms(["pain", "yes", "pain"], ["pain", "no", "none"])["medical_term_f1"]
    assert scores.items[[0, 2]] == pytest.approx([1, 0])
    assert np.isnan(scores.items[1])
    assert scores.estimate().n == 2
    assert scores.estimate(rows=[1]).value is None


def test_a_list_of_the_users_own_replaces_the_built_in_one(tmp_path):
    path = tmp_path / "terms.txt"
    path.write_text("# a comment\n\nwidget fever\nGadgets\n", encoding="utf-8")
    assert terms_of("Widget fevers, gadgets and asthma", load_terms(path)) == {"widget fever", "gadgets"}
    assert "2 terms of terms.txt" in medical_terms(["x"], ["y"], str(path))["medical_term_f1"].definition


def test_a_list_without_terms_and_a_missing_one_are_named(tmp_path):
    (tmp_path / "empty.txt").write_text("# nothing\n")
    with pytest.raises(InputError, match=r"empty\.txt: no term in it"):
        medical_terms(["x"], ["y"], str(tmp_path / "empty.txt"))
    with pytest.raises(InputError, match="no such file"):
        medical_terms(["x"], ["y"], str(tmp_path / "missing.txt"))


@pytest.mark.parametrize("term", ["asthma", "diabetes", "headache", "high blood pressure", "metformin", "mri", "x-ray"])
def test_the_built_in_list_knows_common_terms(term, known):
    assert len(terms_of(f"It is {term}.", known)) == 1


@pytest.mark.parametrize("word", ["disease", "treatment", "patient", "doctor", "the", "add", "smart"])
def test_the_built_in_list_lacks_words_that_name_nothing(word, known):
    assert terms_of(word, known) == set()


@given(pairs)
def test_scores_are_symmetric_and_equal_texts_score_1(texts):
    predictions, references = zip(*texts, strict=True)
    there = medical_terms(predictions, references)["medical_term_f1"].items
    back = medical_terms(references, predictions)["medical_term_f1"].items
    assert there == pytest.approx(back, nan_ok=True)
    own = medical_terms(references, references)["medical_term_f1"].items
    assert set(own[~np.isnan(own)]) <= {1.0}


def test_nasty_texts_score_between_0_and_1():
    items = medical_terms(PREDICTIONS, REFERENCES)["medical_term_f1"].items
    assert all(0 <= value <= 1 for value in items[~np.isnan(items)])
    assert np.isnan(items[NASTY.index(("", ""))])
    assert items[NASTY.index(("", "aspirin 5 mg"))] == 0


def test_terms_and_amounts_of_the_reference_are_matched_exactly():
    scores = medical_terms(["Give 5mg of aspirin for pain.", "Rest."], ["Aspirin 5 mg, then 10 mg.", "Rest well."])
    assert scores["dosage_match"].items[0] == pytest.approx(1 / 2)
    assert scores["term_match"].items[0] == 1  # that the answer names pain besides is the F1's concern
    # A reference without amounts asks for none: it has no score, and adds nothing to the figure.
    assert np.isnan(scores["dosage_match"].items[1])
    assert scores["dosage_match"].counts.tolist() == [[1, 2], [0, 0]]


def test_another_unit_or_number_is_another_amount():
    assert medical_terms(["5 g and 50 mg"], ["5 mg"])["dosage_match"].items.tolist() == [0]
