"""Words to windows of subwords, and which subword speaks for a word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medtune.data.alignment import SubwordDocument, make_layout, special_tokens, subwords
from medtune.methods.encoder.training import label_windows
from medtune.training.preflight import IGNORED
from tests.unit.tiny_tagger import tiny_encoder

TOKENIZER = tiny_encoder()[1]
CLS, SEP, UNKNOWN = TOKENIZER.cls_token_id, TOKENIZER.sep_token_id, TOKENIZER.unk_token_id


def text_of(ids):
    return TOKENIZER.convert_ids_to_tokens(ids)


def document(words, sentences=(0,)):
    return subwords(words, sentences, TOKENIZER)


def test_each_word_has_its_own_subwords():
    found = document(["She", "had", "asp", "."])
    assert [text_of(piece) for piece in found.pieces] == [["she"], ["had"], ["a", "##s", "##p"], ["."]]


@pytest.mark.parametrize("word", ["\u0301", "\u200b", "\x00"])
def test_a_word_of_which_the_tokenizer_leaves_nothing_is_unknown_not_lost(word):
    assert document(["had", word, "pain"]).pieces[1] == [UNKNOWN]


def test_what_looks_like_a_special_token_is_text():
    ids = [token for piece in document(["[SEP]", "had", "[MASK]"]).pieces for token in piece]
    assert not {SEP, TOKENIZER.mask_token_id} & set(ids)


def test_a_limit_that_the_tokenizer_was_saved_with_does_not_cut():
    tokenizer = tiny_encoder()[1]
    tokenizer.backend_tokenizer.enable_truncation(4)
    tokenizer.backend_tokenizer.enable_padding(length=4)
    assert len(subwords(["had"] * 900, [0], tokenizer).pieces) == 900


def test_special_tokens_stand_around_each_window():
    assert special_tokens(TOKENIZER) == ([CLS], [SEP])
    (row,) = make_layout(TOKENIZER, 10, 0).rows([document(["she", "had", "asp"])])
    assert text_of(row.input_ids) == ["[CLS]", "she", "had", "a", "##s", "##p", "[SEP]"]
    assert row.heads == [1, 2, 3]


def test_windows_end_where_a_sentence_ends_and_share_the_overlap():
    words = ["she", "had", "pain", ".", "then", "fever", ".", "no", "rash"]
    rows = make_layout(TOKENIZER, 8, 2).rows([document(words, [0, 4, 7])])
    assert rows[0].window == (0, 4)
    assert rows[1].window.first < 4
    assert {word for row in rows for word in range(*row.window)} == set(range(9))


def test_in_training_a_word_is_in_one_window():
    layout = make_layout(TOKENIZER, 8, 2).without_overlap()
    rows = layout.rows([document(["had"] * 40)])
    assert sum(len(row.heads) for row in rows) == 40


def test_a_word_longer_than_a_window_is_cut_and_keeps_its_tag():
    (_, long, _) = rows = make_layout(TOKENIZER, 6, 0).rows([document(["had", "qqqqqqqqqqqq", "pain"])])
    assert len(long.input_ids) == 6 and long.heads == [1]
    assert label_windows(rows, [[1, 2, 3]]).labels == [
        [IGNORED, 1, IGNORED],
        [IGNORED, 2, *[IGNORED] * 4],
        [IGNORED, 3, IGNORED],
    ]


def test_cuttings_hold_every_word_once_and_cut_at_other_places():
    document = subwords([f"word{n}" for n in range(60)], [0], TOKENIZER)
    layout = make_layout(TOKENIZER, 40, 8).without_overlap()
    cuttings = layout.cuttings(4, seed=1)
    assert cuttings[0] == layout
    assert all(layout.tokens / 2 <= own.tokens <= layout.tokens for own in cuttings)
    cut = [[row.window for row in own.rows([document])] for own in cuttings]
    for windows in cut:
        assert [word for window in windows for word in range(*window)] == list(range(60))
    assert len({tuple(windows) for windows in cut}) > 1
    assert layout.cuttings(4, seed=1) == cuttings != layout.cuttings(4, seed=2)


def test_windows_without_room_are_refused():
    with pytest.raises(ValueError, match=r"windows of 20 tokens, 2 of them special, have no room for an overlap of 10"):
        make_layout(TOKENIZER, 20, 10)
    with pytest.raises(ValueError, match="no room"):
        make_layout(TOKENIZER, 2, 0)


@given(
    st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=60), min_size=1, max_size=3),
    st.integers(4, 30),
    st.booleans(),
    st.data(),
)
def test_every_word_is_labelled_once_at_its_first_subword(lengths, tokens, overlapping, data):
    documents = [
        SubwordDocument(
            [[1000 * word + part for part in range(length)] for word, length in enumerate(of_document)],
            sorted(data.draw(st.sets(st.integers(0, len(of_document) - 1)))),
        )
        for of_document in lengths
    ]
    layout = make_layout(TOKENIZER, tokens, (tokens - 2) // 2 if overlapping else 0)
    tags = [list(range(len(of_document))) for of_document in lengths]
    for rows in (layout.rows(documents), layout.without_overlap().rows(documents)):
        assert all(len(row.input_ids) <= tokens for row in rows)
        labelled = label_windows(rows, tags)
        for row, ids, labels in zip(rows, labelled.input_ids, labelled.labels, strict=True):
            assert len(ids) == len(labels)
            assert [tag for tag in labels if tag != IGNORED] == list(range(*row.window))
            assert all(ids[place] == 1000 * tag for place, tag in enumerate(labels) if tag != IGNORED)
        seen = {(row.document, word) for row in rows for word in range(*row.window)}
        assert seen == {
            (number, word) for number, of_document in enumerate(lengths) for word in range(len(of_document))
        }
    assert sum(len(row.heads) for row in rows) == sum(map(len, lengths))
