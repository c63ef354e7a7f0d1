from hypothesis import given
from hypothesis import strategies as st

from medtune.data.deduplication import drop_repeats, normalise
from medtune.data.dropped import Dropped
from medtune.studies.yesno.questions import CONFLICTING, REPEATED, Question, deduplicate


def question(text, key, label="Yes", source="a"):
    return Question(text, label, "It is.", source, key)


def test_case_punctuation_spacing_and_compatibility_characters_do_not_count():
    assert normalise("  Does Follow-up\thelp?! ") == normalise("does follow up ﬁnally help".replace("ﬁnally ", ""))
    assert normalise("The ﬁve µg dose") == normalise("the five μg dose")
    assert normalise("Straße") == normalise("STRASSE")


def test_signs_and_numbers_count():
    assert normalise("Is age<70 a risk?") != normalise("Is age>70 a risk?")
    assert normalise("Is 0.5 mg enough?") != normalise("Is 5 mg enough?")


@given(st.text(max_size=30))
def test_normalising_twice_changes_nothing_more(text):
    assert normalise(normalise(text)) == normalise(text)


def test_the_first_source_wins_and_conflicts_are_told_apart():
    kept, dropped = deduplicate(
        [
            question("Does it help?", "1"),
            question("Does it hurt?", "2"),
            question("does it help", "3"),
            question("DOES IT HELP?!", "4", label="No", source="b"),
        ]
    )
    assert [item.key for item in kept] == ["1", "2"]
    assert dropped == [Dropped("a", "3", REPEATED), Dropped("b", "4", CONFLICTING)]


@given(st.lists(st.tuples(st.sampled_from(["Is it?", "is it", "Was it?", "Will it?"]), st.sampled_from(["Yes", "No"]))))
def test_every_question_is_kept_or_dropped_and_no_twins_are_left(pairs):
    questions = [question(text, str(number), label) for number, (text, label) in enumerate(pairs)]
    kept, dropped = deduplicate(questions)
    assert sorted([*(item.key for item in kept), *(item.key for item in dropped)]) == sorted(q.key for q in questions)
    assert len({normalise(item.question) for item in kept}) == len(kept)


PAIR = {"left": lambda pair: pair[0], "right": lambda pair: pair[1]}


def test_an_item_goes_when_any_of_its_texts_was_there_and_the_first_such_text_is_named():
    items = [("Who?", "One."), ("who", "Two."), ("What?", "ONE"), ("Two.", "What?"), ("Why?", "Two.")]
    kept, dropped = drop_repeats(items, PAIR)
    assert kept == [items[0], items[3], items[4]]  # a dropped item's texts may come again
    assert dropped == [(items[1], "left", items[0]), (items[2], "right", items[0])]


@given(st.lists(st.tuples(*[st.sampled_from(["a", "A", "b", "c?", "c", "d"])] * 2)))
def test_every_item_is_kept_or_dropped_and_no_text_stays_twice(items):
    kept, dropped = drop_repeats(items, PAIR)
    assert sorted([*kept, *(item for item, _, _ in dropped)]) == sorted(items)
    for text_of in PAIR.values():
        assert len({normalise(text_of(item)) for item in kept}) == len(kept)
