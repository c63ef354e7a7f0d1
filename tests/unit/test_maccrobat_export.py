import pytest

from medtune.data.bio import tag_list
from medtune.errors import InputError
from medtune.files import read_json, read_jsonl, sha256_of, write_json, write_jsonl
from medtune.methods.encoder.tagger import Tagger, TaggerSettings
from medtune.stages.tag import tagger_script
from medtune.studies.maccrobat.export import export
from medtune.studies.maccrobat.runs import RunFiles

WORDS = ["fever", "and", "aspirin", "old", "man"]


def made_run(folder, tags):
    """A run with an untrained BERT of one layer."""
    import torch
    from tokenizers import Tokenizer
    from tokenizers.models import WordPiece
    from tokenizers.pre_tokenizers import BertPreTokenizer
    from tokenizers.processors import TemplateProcessing
    from transformers import BertConfig, BertForTokenClassification, PreTrainedTokenizerFast

    vocabulary = {word: n for n, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS, "##s"])}
    tokenizer = Tokenizer(WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.post_processor = TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        id2label=dict(enumerate(tags)),
        label2id={tag: number for number, tag in enumerate(tags)},
    )
    BertForTokenClassification(config).save_pretrained(folder / "model")
    special = {"unk_token": "[UNK]", "pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special).save_pretrained(folder / "model")
    (folder / "model" / "README.md").write_text("# A card\n")
    settings = TaggerSettings(tags, 16, 2, 2, None, 0.0, 1.0, "float32")
    write_json(folder / "model" / "tagger.json", settings.as_dict())
    (folder / "model" / "tag.py").write_text(tagger_script())
    rows = [{"id": split, "split": split, "tags": ["O"]} for split in ("validation", "test")]
    write_jsonl(folder / "predictions.jsonl", rows)
    write_json(folder / "tagging.json", {"temperature": 1.1, "parameters": 5})
    return RunFiles(
        "bert", 2e-5, 1, folder / "training.json", folder / "tagging.json", folder / "predictions.jsonl", folder / "s"
    )


@pytest.fixture
def study(tmp_path):
    tags = tag_list(["Age", "Medication"])
    write_json(tmp_path / "tags.json", {"tags": tags, "tiers": {"Age": "rare"}, "counts": {"Age": 3}})
    choice = {"chosen": {"encoder": "bert", "lr": 2e-5, "seed": 1}, "chosen_on": "f1", "reason": "best", "test": {}}
    write_json(tmp_path / "choice.json", choice)
    return tmp_path, [made_run(tmp_path / "run", tags)]


def test_the_exported_folder_tags_and_a_plain_pipeline_loads_it(study):
    from transformers import pipeline

    folder, files = study
    export(files, folder / "choice.json", folder / "tags.json", folder / "export")
    tagger = Tagger.load(folder / "export", "cpu")
    assert set(tagger.model.config.id2label.values()) == set(tag_list(["Age", "Medication"]))
    (found,) = tagger.entities(["fever and aspirins"])
    assert {entity.label for entity in found} <= {"Age", "Medication"}
    assert pipeline("token-classification", model=str(folder / "export"))("fever and aspirins")


def test_tag_maps_test_predictions_and_the_record_come_along(study):
    folder, files = study
    export(files, folder / "choice.json", folder / "tags.json", folder / "export")
    maps = read_json(folder / "export" / "tags.json")
    assert maps["tag2id"] == {"O": 0, "B-Age": 1, "I-Age": 2, "B-Medication": 3, "I-Medication": 4}
    assert {int(number): tag for number, tag in maps["id2tag"].items()} == {n: t for t, n in maps["tag2id"].items()}
    assert [row["split"] for row in read_jsonl(folder / "export" / "test_predictions.jsonl")] == ["test"]
    record = read_json(folder / "export" / "export.json")
    assert (record["chosen"]["encoder"], record["test_documents"], record["tagging"]["temperature"]) == ("bert", 1, 1.1)
    for name, digest in record["files"].items():
        assert sha256_of(folder / "export" / name) == digest
    assert {"model.safetensors", "tagger.json", "tag.py", "tags.json", "test_predictions.jsonl", "README.md"} <= set(
        record["files"]
    )
    assert (folder / "export" / "README.md").read_text() == "# A card\n"


def test_an_export_replaces_an_older_one(study):
    folder, files = study
    (folder / "export").mkdir()
    (folder / "export" / "old.bin").write_text("x")
    export(files, folder / "choice.json", folder / "tags.json", folder / "export")
    assert not (folder / "export" / "old.bin").exists()


def test_a_model_without_its_files_or_with_other_tags_is_told_and_nothing_is_written(study):
    folder, files = study
    write_json(folder / "tags.json", {"tags": tag_list(["Age"]), "tiers": {}, "counts": {}})
    with pytest.raises(InputError, match="its tags are not those of"):
        export(files, folder / "choice.json", folder / "tags.json", folder / "export")
    (folder / "run" / "model" / "tokenizer.json").unlink()
    (folder / "run" / "model" / "README.md").unlink()
    (folder / "run" / "model" / "tag.py").unlink()
    with pytest.raises(InputError, match=r"has no tokenizer\.json, tag\.py, README\.md; run the workflow again"):
        export(files, folder / "choice.json", folder / "tags.json", folder / "export")
    assert not (folder / "export").exists()
