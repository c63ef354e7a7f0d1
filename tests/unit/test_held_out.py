from medtune.data.held_out import count_shared, pairs_of, sentences_of, templates_of

TERMS = ("vitamin D", "vitamin", "back pain", "pain")


def test_sentences_are_compared_without_case_and_punctuation():
    assert sentences_of(["It fell.  Nothing else changed.", "IT FELL!"]) == {"it fell", "nothing else changed"}


def test_a_template_is_a_sentence_without_its_terms_and_numbers():
    one, other = "In a trial of 340 adults, vitamin D eased back pain.", "In a trial of 20 adults, Vitamin eased pain."
    assert templates_of([one], TERMS) == templates_of([other], TERMS)
    assert templates_of([one], TERMS) != templates_of([one.replace("eased", "worsened")], TERMS)
    assert len(templates_of(["Painless care came first. Pain went (RR 0.75, p<0.01)."], TERMS)) == 2
    assert templates_of(["Painless care."], TERMS) == {"painless care"}


def test_a_term_inside_another_word_is_not_blanked_and_no_terms_blank_nothing():
    assert templates_of(["Painless care."], ("pain",)) == templates_of(["Painless care."], ()) == {"painless care"}


def test_a_pair_is_of_terms_in_one_text():
    texts = ["Vitamin D was given. Back pain went.", "Aspirin was given.", "Pain stayed."]
    assert pairs_of(texts, ("vitamin D", "aspirin"), ("back pain", "pain")) == {("vitamin d", "back pain")}


def test_what_is_shared_is_counted_by_kind_and_what_is_not_known_is_none():
    held_out = {"sentences": {"a", "b", "c"}, "term_pairs": {("x", "y")}}
    read = {"training split": {"sentences": {"b", "c", "d"}, "term_pairs": set()}, "pre-training text": None}
    assert count_shared(held_out, read) == {
        "training split": {
            "sentences": {"held_out": 3, "shared": 2, "examples": ["b", "c"]},
            "term_pairs": {"held_out": 1, "shared": 0, "examples": []},
        },
        "pre-training text": None,
    }
