import hashlib
import json
import os

from medtune.data.dropped import Dropped
from medtune.data.manifest import SourceDescription, build_manifest, describe_files, summarise_drops


def row(key, label, source="a"):
    return {"id": f"{source}/{key}", "label": label, "source": source}


def manifest(folder):
    file = folder / "train.jsonl"
    file.write_text("{}\n")
    return build_manifest(
        study="yesno",
        seed=42,
        sources=[SourceDescription("a", "bioasq", "data/a.json", {"a.json": "00"}, None, 9)],
        splits={"train": [row("1", "Yes"), row("2", "No")], "test": [row("3", "Yes", "b")]},
        labels=("Yes", "No", "Uncertain"),
        dropped=[Dropped("a", str(number), "no rationale") for number in range(7)],
        leakage={"method": "by eye", "twins": 0},
        files=[file],
    )


def test_labels_are_counted_by_split_and_by_source_with_zeros(tmp_path):
    made = manifest(tmp_path)
    assert made["labels_by_split"] == {
        "train": {"Yes": 1, "No": 1, "Uncertain": 0},
        "test": {"Yes": 1, "No": 0, "Uncertain": 0},
    }
    assert made["labels_by_source"] == {
        "a": {"Yes": 1, "No": 1, "Uncertain": 0},
        "b": {"Yes": 1, "No": 0, "Uncertain": 0},
    }
    assert made["records"] == {"train": 2, "test": 1}


def test_drops_are_counted_by_source_and_reason_with_at_most_five_keys():
    dropped = [Dropped("a", str(number), "short") for number in range(7)] + [Dropped("b", "x", "short")]
    assert summarise_drops(dropped) == [
        {"source": "a", "reason": "short", "count": 7, "examples": ["0", "1", "2", "3", "4"]},
        {"source": "b", "reason": "short", "count": 1, "examples": ["x"]},
    ]


def test_files_are_named_with_their_hash_and_nothing_depends_on_time_or_folder(tmp_path):
    (tmp_path / "other").mkdir()
    made = manifest(tmp_path)
    assert made["files"] == {"train.jsonl": hashlib.sha256(b"{}\n").hexdigest()}
    assert json.dumps(made) == json.dumps(manifest(tmp_path / "other"))
    assert made["sources"][0]["licence"] is None


def test_a_file_name_that_is_no_text_can_stand_in_the_manifest(tmp_path):
    path = tmp_path / os.fsdecode(b"a\xff.txt")
    path.write_bytes(b"")
    assert describe_files([path]) == {r"a\xff.txt": hashlib.sha256(b"").hexdigest()}
