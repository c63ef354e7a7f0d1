"""A vocabulary with capitals keeps them, whatever is missing beside it."""

import json
import logging

import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from medtune.models.loading import load_tagger_tokenizer, load_tokenizer
from medtune.models.tokenizers import is_cased

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[unused1]")
CASED = (*SPECIAL, "Fever", "fever", "the", "Patient", "é", "e")
UNCASED = (*SPECIAL, "fever", "the", "patient", "e")


def folder_of(folder, pieces, vocab=True, lower=None, **settings):
    """A folder of a BERT. vocab: with vocab.txt. lower: of the normalizer in tokenizer.json; none without that file.
    settings: tokenizer_config.json; none without that file."""
    (folder / "config.json").write_text(json.dumps({"model_type": "bert", "architectures": ["BertModel"]}))
    if vocab:
        (folder / "vocab.txt").write_text("\n".join(pieces), encoding="utf-8")
    if lower is not None:
        numbers = {piece: number for number, piece in enumerate(pieces)}
        tokenizer = Tokenizer(models.WordPiece(numbers, unk_token="[UNK]"))
        tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lower)
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        tokenizer.save(str(folder / "tokenizer.json"))
    if settings:
        (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    return folder


@pytest.mark.parametrize("load", [load_tokenizer, load_tagger_tokenizer])
@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({}, "the vocabulary is cased"),
        ({"model_max_length": 512}, "the vocabulary is cased"),
        ({"lower": False}, "tokenizer.json keeps capitals"),
        ({"lower": False, "vocab": False, "tokenizer_class": "BertTokenizer"}, "tokenizer.json keeps capitals"),
        ({"do_lower_case": False}, None),
        ({"lower": True, "do_lower_case": False}, None),
    ],
)
def test_a_cased_vocabulary_keeps_its_capitals_and_the_log_says_so(load, files, sentence, tmp_path, caplog):
    folder = folder_of(tmp_path, CASED, **files)
    with caplog.at_level(logging.WARNING):
        tokenizer = load(folder)
    assert tokenizer.tokenize("Fever the Patient é") == ["Fever", "the", "Patient", "é"]
    warnings = [record.getMessage() for record in caplog.records if record.name.startswith("medtune")]
    assert warnings == (
        []
        if sentence is None
        else [f"{folder}: tokenizer_config.json sets no do_lower_case; false is taken, since {sentence}"]
    )


def test_what_is_saved_with_an_adapter_or_a_tagger_stays_cased(tmp_path):
    (tmp_path / "base").mkdir()
    load_tagger_tokenizer(folder_of(tmp_path / "base", CASED)).save_pretrained(tmp_path / "tagger")
    assert load_tagger_tokenizer(tmp_path / "tagger").tokenize("Fever") == ["Fever"]


@pytest.mark.parametrize("files", [{}, {"lower": True}, {"do_lower_case": True}])
def test_an_uncased_vocabulary_is_lower_cased_without_a_word(files, tmp_path, caplog):
    tokenizer = load_tagger_tokenizer(folder_of(tmp_path, UNCASED, **files))
    assert tokenizer.tokenize("Fever the Patient") == ["fever", "the", "patient"]
    assert not [record for record in caplog.records if record.name.startswith("medtune")]


@pytest.mark.parametrize("files", [{"lower": True}, {"do_lower_case": True}])
def test_files_that_ask_for_lower_case_are_followed_with_a_warning(files, tmp_path, caplog):
    tokenizer = load_tagger_tokenizer(folder_of(tmp_path, CASED, **files))
    assert tokenizer.tokenize("Fever") == ["fever"]
    assert "the vocabulary is cased, and its tokenizer files ask for lower case" in caplog.text


def test_a_few_entries_with_capitals_make_no_cased_vocabulary():
    pieces = [f"w{number}" for number in range(1000)]
    assert not is_cased([*pieces, *SPECIAL, "[CUSTOM]", "COVID"])
    assert not is_cased([*pieces, *(f"<S{number}>" for number in range(50))], [f"<S{number}>" for number in range(50)])
    assert is_cased([*pieces, *(f"W{number}" for number in range(50))])
