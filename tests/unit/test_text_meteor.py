from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from nltk.translate.meteor_score import meteor_score

from medtune.errors import InputError
from medtune.metrics.text import meteor as module
from medtune.metrics.text import wordnet as wordnet_module
from medtune.metrics.text.meteor import meteor
from medtune.metrics.text.wordnet import NEEDED, find_wordnet
from tests.unit.text_cases import PREDICTIONS, REFERENCES, pairs

PLAIN = "METEOR (no synonyms)"


class NoWordNet:
    def synsets(self, word):
        return []


@pytest.fixture
def without_wordnet(monkeypatch):
    monkeypatch.setattr(module, "find_wordnet", lambda folder: None)


@pytest.fixture(scope="module")
def dictionary(tmp_path_factory) -> str:
    """WordNet's files with one synset, {doctor, physician}, and without `lexnames`, as other packages bring them."""
    folder = tmp_path_factory.mktemp("wordnet")
    for name in NEEDED:
        (folder / name).write_text("")
    (folder / "data.adj").write_text("  1 WordNet 3.0 Copyright 2006 by Princeton University.\n")
    (folder / "data.noun").write_text("00000000 18 n 02 doctor 0 physician 0 000 | a licensed medical practitioner  \n")
    (folder / "index.noun").write_text("doctor n 1 0 1 0 00000000  \nphysician n 1 0 1 0 00000000  \n")
    return str(folder)


def test_without_wordnet_the_log_says_once_how_to_get_it(without_wordnet, caplog):
    meteor(["a", "b", "c"], ["a", "b", "c"])
    assert [record.getMessage() for record in caplog.records if "wordnet-base" in record.getMessage()] == [
        "METEOR without synonyms: WordNet is not on this machine (to get it: Debian's package wordnet-base, or: "
        "python -m nltk.downloader wordnet)"
    ]


def test_without_wordnet_the_name_says_so(without_wordnet):
    scores = meteor(["a doctor came"], ["a physician came"])
    assert list(scores) == [PLAIN]
    assert "no synonyms" in scores[PLAIN].definition


def test_synonyms_of_the_dictionary_files_count(dictionary, without_wordnet, monkeypatch):
    plain = meteor(["a doctor came"], ["a physician came"])[PLAIN].items[0]
    monkeypatch.setattr(module, "find_wordnet", find_wordnet)
    scores = meteor(["a doctor came"], ["a physician came"], dictionary)
    # All three words match in one chunk: 1 - 0.5 / 27. Without the synonym two do, in two chunks, with half the weight.
    assert scores["METEOR"].items[0] == pytest.approx(1 - 0.5 / 27)
    assert plain == pytest.approx(0.5 * 2 / 3)
    assert "WordNet 3.0" in scores["METEOR"].definition


def test_the_lexicographer_files_have_their_numbers(dictionary):
    assert find_wordnet(dictionary).synsets("doctors")[0].lexname() == "noun.person"


def test_a_folder_that_lacks_dictionary_files_is_named(tmp_path):
    with pytest.raises(InputError, match=r"not a folder of WordNet's dictionary files \(no data.noun in it\)"):
        find_wordnet(str(tmp_path))


def test_files_that_others_may_change_are_refused_in_one_sentence(dictionary, tmp_path):
    for name in NEEDED:
        (tmp_path / name).write_bytes(Path(dictionary, name).read_bytes())
        (tmp_path / name).chmod(0o666)
    with pytest.raises(InputError, match="cannot be read"):
        find_wordnet(str(tmp_path))


def test_the_system_folder_is_used_where_nltk_has_no_data(dictionary, monkeypatch):
    def nothing():
        raise LookupError

    monkeypatch.setattr(wordnet_module, "nltk_wordnet", SimpleNamespace(ensure_loaded=nothing))
    monkeypatch.setattr(wordnet_module, "SYSTEM_FOLDER", Path(dictionary))
    assert find_wordnet.__wrapped__().synsets("physician")
    monkeypatch.setattr(wordnet_module, "SYSTEM_FOLDER", Path(dictionary) / "missing")
    assert find_wordnet.__wrapped__() is None


def test_real_wordnet_where_it_is_installed():
    if find_wordnet() is None:
        pytest.skip("WordNet is not installed (NLTK data or Debian's wordnet-base)")
    plain = NoWordNet()
    words = ["the", "physician", "treats", "a", "tumor"], ["the", "doctor", "treats", "a", "neoplasm"]
    found = meteor([" ".join(words[0])], [" ".join(words[1])])["METEOR"].items[0]
    assert found > meteor_score([words[1]], words[0], wordnet=plain)


@given(pairs)
def test_random_texts_score_as_by_nltk_on_their_words(texts):
    # Of words that are single tokens; what 13a makes of other texts is tested with BLEU.
    predictions, references = zip(*texts, strict=True)
    keep = [[w for w in text.split() if w.isascii() and w.isalnum()] for text in (*predictions, *references)]
    hypotheses, gold = keep[: len(texts)], keep[len(texts) :]
    expected = [meteor_score([r], p, wordnet=NoWordNet()) for p, r in zip(hypotheses, gold, strict=True)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "find_wordnet", lambda folder: None)
        scores = meteor([" ".join(p) for p in hypotheses], [" ".join(r) for r in gold])[PLAIN]
    assert scores.items == pytest.approx(expected, abs=1e-12)


def test_nasty_texts_score_between_0_and_1(without_wordnet):
    items = meteor(PREDICTIONS, REFERENCES)[PLAIN].items
    assert ((items >= 0) & (items <= 1)).all()
    assert items[:4] == pytest.approx([0, 0, 0, 0])


def test_by_hand_words_in_two_chunks(without_wordnet):
    # 4 matches in 2 chunks, precision and recall 1: 1 - 0.5 * (2 / 4) ** 3
    assert meteor(["c d a b"], ["a b c d"])[PLAIN].items[0] == pytest.approx(1 - 0.5 * (2 / 4) ** 3)
