"""Which files make a base model: what is downloaded from a repository, and what its fingerprint covers."""

from huggingface_hub.utils import filter_repo_objects

from medtune.config import MadeModel
from medtune.models.hub import IGNORED, PATTERNS
from medtune.models.model_record import model_files
from tests.unit.tiny_model import build_untrained

REPOSITORY = [
    "config.json",
    "generation_config.json",
    "model-00001-of-00002.safetensors",
    "model-00002-of-00002.safetensors",
    "model.safetensors.index.json",
    "tokenizer.json",
    "tokenizer.model",
    "vocab.txt",
]


def test_weights_configuration_and_tokenizer_are_downloaded():
    assert list(filter_repo_objects(REPOSITORY, allow_patterns=PATTERNS, ignore_patterns=IGNORED)) == REPOSITORY


def test_weights_are_not_downloaded_twice_and_no_code_or_pickles_at_all():
    others = ["consolidated.safetensors", "original/model.safetensors", "pytorch_model.bin", "modeling_own.py"]
    assert not list(filter_repo_objects(others, allow_patterns=PATTERNS, ignore_patterns=IGNORED))


def test_the_fingerprint_covers_all_that_generation_depends_on_and_no_prose(tmp_path):
    model, tokenizer = build_untrained(MadeModel(source="made", hidden_size=32, layers=1, heads=2, vocabulary=300))
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    for name in ("special_tokens_map.json", "README.md", "record.json"):
        (tmp_path / name).write_text("{}")
    names = {path.name for path in model_files(tmp_path)}
    assert {"model.safetensors", "config.json", "generation_config.json", "tokenizer.json"} <= names
    assert "special_tokens_map.json" in names
    assert not names & {"README.md", "record.json"}
