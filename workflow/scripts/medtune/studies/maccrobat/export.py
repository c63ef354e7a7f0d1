"""The chosen run in one folder: checkpoint, tokenizer, card, predictions, a script that tags as it was tested."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from medtune.errors import InputError
from medtune.files import atomic, read_json, read_jsonl, sha256_of, write_json, write_jsonl
from medtune.models.tagger_files import SCRIPT_FILE, TAGGER_FILE
from medtune.studies.maccrobat.runs import RunFiles, chosen_run

MODEL_FILES = (
    *("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"),
    *(TAGGER_FILE, SCRIPT_FILE, "README.md"),
)
"""What tagging needs, and the model card; other files of the model's folder come along."""
TAGS, PREDICTIONS, RECORD = "tags.json", "test_predictions.jsonl", "export.json"


def export(files: Sequence[RunFiles], choice: Path | str, tags: Path | str, folder: Path | str) -> None:
    """Copy the model folder of the run that choice.json names, and add `tags.json` (tag2id, id2tag, tiers and counts),
    `test_predictions.jsonl` and `export.json` (which run, its figures, sha256 of each file).

    The model's folder `model` lies beside the run's predictions. The folder is replaced as a whole.
    Raises InputError when a file is missing, or the model's tags are not those of the data.
    """
    run = chosen_run(files, choice)
    model = Path(run.predictions).parent / "model"
    missing = [name for name in MODEL_FILES if not (model / name).is_file()]
    if missing:
        raise InputError(f"{model}: has no {', '.join(missing)}; run the workflow again")
    content = read_json(tags)
    names = list(content["tags"])
    given = read_json(model / "config.json").get("id2label", {})
    if [given.get(str(number)) for number in range(len(names))] != names or len(given) != len(names):
        raise InputError(f"{model}/config.json: its tags are not those of {tags}; train again")
    predictions = [row for row in read_jsonl(run.predictions) if row["split"] == "test"]
    with atomic(folder) as temporary:
        shutil.copytree(model, temporary, ignore=shutil.ignore_patterns("__pycache__"))
        tag_maps = {"tag2id": {tag: number for number, tag in enumerate(names)}, "id2tag": dict(enumerate(names))}
        write_json(temporary / TAGS, {**tag_maps, "tiers": content["tiers"], "counts": content["counts"]})
        write_jsonl(temporary / PREDICTIONS, predictions)
        of_choice = read_json(choice)
        record = {
            **{key: of_choice[key] for key in ("chosen", "chosen_on", "reason", "test")},
            "test_documents": len(predictions),
            "tagging": read_json(run.tagging),
            "files": {path.name: sha256_of(path) for path in sorted(temporary.iterdir()) if path.is_file()},
        }
        write_json(temporary / RECORD, record)
