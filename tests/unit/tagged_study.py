"""A made study of taggers: rows, tags and the files of several runs whose predictions are gold with noise."""

import random

from medtune.data.bio import tag_list
from medtune.files import write_json, write_jsonl
from medtune.studies.maccrobat.runs import RunFiles
from tests.unit.analysis_cases import dropped, prediction, row

TYPES = {"Age": "frequent", "Medication": "medium", "Mass": "rare"}
RUNS = (("large", 2e-5, 1), ("large", 2e-5, 2), ("small", 5e-5, 1), ("small", 5e-5, 2))
NOISE = {"large": 0.08, "small": 0.3}
DOCUMENTS = {"validation": 8, "test": 12}


def made_row(rng, identifier):
    """Some 30 words with entities of one and two words, at times a dropped one inside."""
    tags, lost = [], []
    for number in range(10):
        label = rng.choices(list(TYPES), [6, 3, 2])[0]
        tags += ["O", f"B-{label}"] + [f"I-{label}"] * rng.randint(0, 1)
        if number == 4 and rng.random() < 0.5:
            lost.append(dropped(1, 2, "Medication"))
    words = " ".join(f"w{number}" for number in range(len(tags)))
    return row(words, " ".join(tags), identifier, lost)


def made_prediction(rng, gold, split, noise):
    """Gold tags with noise: a tag becomes "O" or of another type, with less confidence."""
    tags, confidence = [], []
    for tag in gold["tags"]:
        wrong = rng.random() < noise
        tags.append(rng.choice(["O", "B-Age", "B-Medication"]) if wrong else tag)
        confidence.append(round(rng.uniform(0.3, 0.8) if wrong else rng.uniform(0.75, 1.0), 6))
    return prediction(" ".join(tags), confidence, gold["id"], split)


def made_study(folder, runs=RUNS, noise=NOISE):
    """Write it. Returns files of the runs, rows by split, tags.json."""
    rng = random.Random(3)
    rows = {split: [made_row(rng, f"{split}{n}") for n in range(amount)] for split, amount in DOCUMENTS.items()}
    rows["train"] = [made_row(rng, f"train{n}") for n in range(4)]
    data = {split: folder / f"{split}.jsonl" for split in rows}
    for split, of_split in rows.items():
        write_jsonl(data[split], of_split)
    tags = folder / "tags.json"
    counts = {"Age": 2000, "Medication": 500, "Mass": 40}
    write_json(tags, {"tags": tag_list(TYPES), "tiers": TYPES, "counts": counts})
    files = []
    for encoder, lr, seed in runs:
        rng = random.Random(f"{encoder}/{seed}")
        home = folder / encoder / f"lr{lr:g}-seed{seed}"
        found = [made_prediction(rng, gold, split, noise[encoder]) for split in DOCUMENTS for gold in rows[split]]
        write_jsonl(home / "predictions.jsonl", found)
        size = 2 if encoder == "large" else 1
        write_json(home / "training.json", {"train_seconds": 100.0 * size})
        write_json(home / "tagging.json", {"parameters": 10**6 * size})
        speed = {
            f"words_per_second{end}": 1000.0 * part / size for end, part in (("", 1), ("_low", 0.9), ("_high", 1.1))
        }
        write_json(home / "analysis" / "speed" / "speed.json", {**SPEED, "reported": speed})
        files.append(
            RunFiles(encoder, lr, seed, *(home / f"{name}" for name in FILE_NAMES)),
        )
    return files, data, tags


FILE_NAMES = ("training.json", "tagging.json", "predictions.jsonl", "analysis/speed/speed.json")
SPEED = {"precision": [], "hours": "10,000 notes take 2.0 hours."}
