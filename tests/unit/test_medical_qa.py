import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medtune.data.deduplication import normalise
from medtune.errors import InputError
from medtune.studies.meerkat.medical_qa import (
    MedicalQuestion,
    _parsed,
    _records,
    check_known,
    distinct_questions,
    read_questions,
    read_specialties,
    specialty_files,
)

PAIRS = {f"What is condition {number}?": f"It is number {number}." for number in range(12)}


def write(folder, name, content):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content, ensure_ascii=False).encode())
    return path


def layout(specialty):
    return f"dataset_with_answers_{specialty}.json"


def item(question, answer, specialty="a", key="1", **extra):
    return MedicalQuestion(specialty, key, question, answer, extra)


def by_specialty(*items):
    found = {}
    for each in items:
        found.setdefault(each.specialty, []).append(each)
    return found


def pairs(items):
    return [(each.question, each.answer) for each in items]


def test_both_layouts_give_the_same_questions(tmp_path):
    write(tmp_path, layout("a"), PAIRS)
    write(tmp_path, layout("b"), [{"question": question, "answer": answer} for question, answer in PAIRS.items()])
    found = read_specialties(tmp_path, 11)
    assert list(found) == ["a", "b"]
    assert pairs(found["a"]) == pairs(found["b"]) == list(PAIRS.items())
    assert [each.key for each in found["a"]] == [each.key for each in found["b"]] == [str(n) for n in range(1, 13)]


def test_extra_fields_are_kept_as_they_are(tmp_path):
    extra = {"id": 7, "cui": ["C01"], "specialty": "another", "source": None}
    path = write(tmp_path, layout("a"), [{"question": "Q?", "answer": "A.", **extra}])
    (found,) = read_questions(path, "a", 1)
    assert found.extra == extra
    assert (found.row()["specialty"], json.loads(found.row()["extra"])) == ("a", extra)


def test_questions_become_one_line_and_answers_keep_theirs(tmp_path):
    path = write(tmp_path, layout("a"), {" What \n is\tit? ": "\nA list:\n- one\n"})
    assert pairs(read_questions(path, "a", 1)) == [("What is it?", "A list:\n- one")]


def test_a_question_that_an_object_repeats_is_not_lost(tmp_path):
    path = write(tmp_path, layout("a"), b'{"Q?": "One.", "Q?": "Two."}')
    assert pairs(read_questions(path, "a", 1)) == [("Q?", "One."), ("Q?", "Two.")]


def test_a_byte_order_mark_does_no_harm(tmp_path):
    path = write(tmp_path, layout("a"), b"\xef\xbb\xbf" + json.dumps(PAIRS).encode())
    assert pairs(read_questions(path, "a", 11)) == list(PAIRS.items())


def test_ids_do_not_depend_on_where_a_record_stands():
    assert item("What is it?", "A.", key="1").id == item("what is IT", "B.", key="9").id != item("Why?", "A.").id


def test_other_files_hidden_ones_and_folders_are_passed_over(tmp_path):
    write(tmp_path, layout("a"), PAIRS)
    write(tmp_path, "SOURCE.md", b"text")
    write(tmp_path, ".hidden.json", b"")
    (tmp_path / "folder").mkdir()
    assert list(specialty_files(tmp_path)) == ["a"]


@pytest.mark.parametrize(
    "name", ["cardiology.json", "dataset_with_answers_.json", "dataset_with_answers_a.jsonl", "x.JSON"]
)
def test_a_wrong_file_name_is_refused(tmp_path, name):
    write(tmp_path, name, PAIRS)
    with pytest.raises(InputError, match=r"wrong file name; expected dataset_with_answers_\{specialty\}\.json$"):
        specialty_files(tmp_path)


@pytest.mark.parametrize(
    "specialty", ["internal medicine", "..", ".a", "a.b", "-a", "kardiologię", "a{b}", "a;b", "a'"]
)
def test_a_specialty_that_cannot_stand_in_a_path_is_refused(tmp_path, specialty):
    write(tmp_path, layout(specialty), PAIRS)
    with pytest.raises(InputError, match=r"cannot be used in file names; expected .* such as internal_medicine$"):
        specialty_files(tmp_path)


@pytest.mark.parametrize("specialty", ["ALL", "all"])
def test_the_name_that_stands_for_all_specialties_is_refused(tmp_path, specialty):
    write(tmp_path, layout(specialty), PAIRS)
    with pytest.raises(InputError, match=rf'a specialty cannot be named "{specialty}"; in tables ALL stands for all'):
        specialty_files(tmp_path)


def test_specialties_that_differ_in_case_alone_are_refused(tmp_path):
    write(tmp_path, layout("Cardiology"), PAIRS)
    write(tmp_path, layout("cardiology"), PAIRS)
    with pytest.raises(InputError, match=r"differs from that of dataset_with_answers_Cardiology\.json in case alone"):
        specialty_files(tmp_path)


def test_a_folder_that_is_missing_or_has_no_specialties_is_refused(tmp_path):
    with pytest.raises(InputError, match="no files dataset_with_answers_"):
        specialty_files(tmp_path)
    with pytest.raises(InputError, match="no such folder"):
        specialty_files(tmp_path / "none")


@pytest.mark.parametrize(
    "content, sentence",
    [
        (b"", "the file is empty; expected questions with answers as JSON"),
        (b" \n", "the file is empty"),
        (b"{}", "0 records are too few; expected at least 11"),
        (dict(list(PAIRS.items())[:10]), "10 records are too few; expected at least 11, one more than the holdout"),
        (b'{"Q?": "caf\xe9"}', r"not UTF-8 text \(byte 11\)"),
        (b'{"Q?":\n "A."', "line 2: not valid JSON"),
        (b'"text"', r"expected \{question: answer\} or a list of records, found 'text'"),
        (b'[{"question": "Q?", "answer": "A.", "x": NaN}]', "NaN is not JSON"),
        (["Q?"], r"""record 1: expected an object with "question" and "answer", found 'Q\?'"""),
        ({**PAIRS, "Why?": ""}, r'record 13 \("Why\?"\): no answer; expected text'),
        ({**PAIRS, "Why?": None}, r'record 13 \("Why\?"\): no answer'),
        ({**PAIRS, "Why?": ["A."]}, r"""record 13 \("Why\?"\): the answer is \['A.'\]; expected text"""),
        ({**PAIRS, " ": "A."}, "record 13: no question"),
        ([{"question": "Q?"}], r'record 1 \("Q\?"\): no answer'),
        ([{"answer": "A."}], "record 1: no question"),
        (b'[{"question": "Q?", "answer": "\\ud800"}]', "record 1: half of a surrogate pair"),
    ],
)
def test_a_faulty_file_gets_one_sentence(tmp_path, content, sentence):
    path = write(tmp_path, layout("a"), content)
    with pytest.raises(InputError, match=sentence) as fault:
        read_questions(path, "a", 11)
    assert str(fault.value).startswith(str(path))
    assert "\n" not in str(fault.value)


def test_an_unknown_specialty_gets_a_suggestion():
    with pytest.raises(InputError, match=r'^config: unknown specialty "cardiolgy"; did you mean "cardiology"\?$'):
        check_known({"cardiolgy"}, {"cardiology", "neurology"}, "config")
    with pytest.raises(InputError, match=r'unknown specialty "\.\./x"; expected one of cardiology, neurology'):
        check_known({"../x"}, {"cardiology", "neurology"}, "config")


def test_repeats_go_by_question_within_and_across_specialties():
    kept, dropped = distinct_questions(
        by_specialty(
            item("What is it?", "The longer answer.", key="1"),
            item("what is it", "Short.", key="2"),
            item("How?", "Like that.", key="3"),
            item("How?!", "Otherwise.", specialty="b", key="1"),
        )
    )
    # b is the smaller one, so what both have stays with b.
    assert {name: pairs(found) for name, found in kept.items()} == {
        "a": [("What is it?", "The longer answer.")],
        "b": [("How?!", "Otherwise.")],
    }
    assert sorted((each.source, each.key, each.reason) for each in dropped) == [
        ("a", "2", "repeated question"),
        ("a", "3", "question repeated from another specialty"),
    ]


def test_questions_with_the_same_short_answer_are_not_repeated():
    items = [item(f"Which drug is first choice in condition {n}?", "ABCD"[n % 4], key=str(n)) for n in range(20)]
    kept, dropped = distinct_questions(by_specialty(*items))
    assert (len(kept["a"]), dropped) == (20, [])


def test_within_a_specialty_the_longer_answer_stays():
    kept, dropped = distinct_questions(
        by_specialty(item("Why?", "So.", key="1"), item("why", "Because of it.", key="2"))
    )
    assert pairs(kept["a"]) == [("why", "Because of it.")]
    assert [(each.key, each.reason) for each in dropped] == [("1", "repeated question")]


TEXTS = st.sampled_from(["One", "one", "two.", "Two", "three", "Four"])


@given(st.lists(st.tuples(TEXTS, TEXTS, st.sampled_from("abc"))), st.randoms(use_true_random=False))
def test_what_is_kept_has_no_twins_and_does_not_depend_on_the_order(found, rng):
    items = [item(question, answer, specialty) for question, answer, specialty in found]
    kept, dropped = distinct_questions(by_specialty(*items))
    rest = [each for members in kept.values() for each in members]
    assert len(rest) + len(dropped) == len(items)
    assert len({normalise(each.question) for each in rest}) == len(rest)
    rng.shuffle(items)
    assert distinct_questions(by_specialty(*items))[0] == kept


def test_the_real_specialties_are_read_and_freed_of_repeats(corpora):
    found = read_specialties(corpora / "medquad_specialties", 11)
    assert {name: len(items) for name, items in found.items()} == {
        "cardiology": 70,
        "endocrinology": 64,
        "general_medicine": 168,
        "genetics": 180,
        "geriatrics": 41,
        "infectious_diseases": 259,
        "neurology": 1085,
        "oncology": 58,
        "rare_diseases": 135,
    }
    kept, dropped = distinct_questions(found)
    assert sum(map(len, kept.values())) + len(dropped) == sum(map(len, found.values()))
    assert min(map(len, kept.values())) > 10
    shuffled = {name: random.Random(1).sample(found[name], len(found[name])) for name in reversed(found)}
    assert distinct_questions(shuffled)[0] == kept


def test_a_key_that_stands_twice_in_a_record_is_refused():
    with pytest.raises(InputError, match=r'f\.json, record 1: the key "answer" stands twice'):
        list(_records(_parsed('[{"question": "Q", "answer": "a", "answer": "b"}]', "f.json"), "f.json"))
