"""Scores of words from windows."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_softmax

from medtune.data.alignment import SubwordDocument, make_layout, subwords
from medtune.data.windows import homes
from medtune.methods.encoder.tagging import mean_logits, word_logits
from medtune.models.loading import load_with_new_head
from tests.unit.tiny_tagger import OTHERS, TAGS, tiny_encoder

TOKENIZER = tiny_encoder()[1]


class Echo(torch.nn.Module):
    """A token classifier whose logits are the token's id, its column and the row's number of tokens."""

    device = torch.device("cpu")
    config = SimpleNamespace(num_labels=3)

    def forward(self, input_ids, attention_mask):
        columns = torch.arange(input_ids.shape[1]).expand_as(input_ids)
        lengths = attention_mask.sum(dim=1, keepdim=True).expand_as(input_ids)
        return SimpleNamespace(logits=torch.stack([input_ids, columns, lengths], dim=2).float())


@pytest.fixture(scope="module")
def tagger(tmp_path_factory):
    folder = tmp_path_factory.mktemp("base")
    for part in tiny_encoder():
        part.save_pretrained(folder)
    return load_with_new_head(folder, TAGS, seed=1)[0].eval()


@given(st.lists(st.lists(st.integers(1, 5), max_size=40), max_size=4), st.integers(4, 16), st.integers(1, 80))
def test_each_word_speaks_through_its_first_subword_in_the_window_where_it_has_most_context(lengths, tokens, budget):
    documents = [
        SubwordDocument([[100 * word + part for part in range(length)] for word, length in enumerate(row)], [0])
        for row in lengths
    ]
    layout = make_layout(TOKENIZER, tokens, (tokens - 2) // 4)
    found = word_logits(Echo(), documents, layout, budget, 0)
    rows = layout.rows(documents)
    for number, (document, logits) in enumerate(zip(documents, found, strict=True)):
        assert logits.shape == (len(document.pieces), 3)
        assert logits[:, 0].tolist() == [100 * word for word in range(len(document.pieces))]
        own = [row for row in rows if row.document == number]
        chosen = homes([row.window for row in own], layout.lengths(document))
        places = [own[home].heads[word - own[home].window.first] for word, home in enumerate(chosen)]
        assert logits[:, 1].tolist() == places
        assert logits[:, 2].tolist() == [len(own[home].input_ids) for home in chosen]


def test_neither_batches_nor_padding_change_the_scores(tagger):
    documents = [subwords(list(OTHERS) * n, [0, 5], TOKENIZER) for n in (1, 7, 2)]
    layout = make_layout(TOKENIZER, 20, 4)
    alone = [word_logits(tagger, [document], layout, 1, TOKENIZER.pad_token_id)[0] for document in documents]
    together = word_logits(tagger, documents, layout, 10_000, TOKENIZER.pad_token_id)
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)


def test_a_document_that_fits_is_scored_as_the_model_does(tagger):
    words = ["she", "had", "chest", "pain"]
    layout = make_layout(TOKENIZER, 20, 4)
    (found,) = word_logits(tagger, [subwords(words, [0], TOKENIZER)], layout, 100, TOKENIZER.pad_token_id)
    with torch.no_grad():
        direct = tagger(**TOKENIZER(" ".join(words), return_tensors="pt")).logits[0, 1:-1]
    np.testing.assert_allclose(found, direct.numpy(), atol=1e-5)


def test_a_model_in_training_mode_is_judged_without_dropout_and_stays_in_training_mode(tagger):
    document = subwords(list(OTHERS), [0], TOKENIZER)
    layout = make_layout(TOKENIZER, 20, 4)
    tagger.dropout.p = 0.5
    tagger.train()
    first, second = (word_logits(tagger, [document], layout, 100, TOKENIZER.pad_token_id)[0] for _ in range(2))
    assert (first == second).all() and tagger.training
    tagger.eval()


def test_of_several_cuttings_a_word_gets_the_mean_of_its_scores(tagger):
    document = subwords(list(OTHERS) * 6, [0], TOKENIZER)
    layout, pad = make_layout(TOKENIZER, 20, 4), TOKENIZER.pad_token_id
    (found,) = mean_logits(tagger, [document], layout, 100, pad, cuttings=3, seed=5)
    parts = [word_logits(tagger, [document], own, 100, pad)[0] for own in layout.cuttings(3, 5)]
    assert not np.allclose(parts[0], parts[1])
    np.testing.assert_allclose(found, np.mean(parts, axis=0))
    # Which is the mean of the log-probabilities but for what all tags of a word have in common.
    of_probabilities = np.mean([log_softmax(part, axis=1) for part in parts], axis=0)
    np.testing.assert_allclose(log_softmax(found, axis=1), log_softmax(of_probabilities, axis=1), rtol=1e-4)
    (one,) = mean_logits(tagger, [document], layout, 100, pad)
    (alone,) = word_logits(tagger, [document], layout, 100, pad)
    assert (one == alone).all(), "one cutting is the layout itself, with its overlap"
