"""Preparation of yes/no questions into a folder, and a file of them, for tests."""

import json

import pytest

from medtune.errors import InputError
from medtune.files import read_json, read_jsonl
from medtune.studies.yesno.prepare import prepare
from medtune.studies.yesno.section import ChallengeQuestion, YesNoData

CHALLENGE = [ChallengeQuestion(question="Do statins prevent strokes?", expected="Yes", reason="Trials agree.")]
PRETRAINING = {"text": "general", "seed": 0}
SPLITS = ("train", "validation", "test", "challenge")


def run(folder, sources, per_class=10, seed=42, challenge=CHALLENGE, pretraining=PRETRAINING, **data):
    """Prepare into `folder`; gives rows by split, and the manifest. data: further keys of the section `data`."""
    files = {split: folder / f"{split}.jsonl" for split in SPLITS}
    prepare(
        data=YesNoData(sources=sources, per_class=per_class, **data),
        seed=seed,
        challenge=challenge,
        train=files["train"],
        validation=files["validation"],
        test=files["test"],
        challenge_file=files["challenge"],
        manifest=folder / "manifest.json",
        pretraining=pretraining,
    )
    return {split: read_jsonl(file) for split, file in files.items()}, read_json(folder / "manifest.json")


def refusal(folder, *arguments, **options) -> str:
    """The sentence of a preparation that must fail and leave nothing behind."""
    target = folder / "out"
    with pytest.raises(InputError) as caught:
        run(target, *arguments, **options)
    assert not target.exists()
    return str(caught.value)


def pubmedqa(path, counts, text="Does treatment {} help {}?"):
    """A file in PubMedQA's layout with so many questions per label; gives the source."""
    records = {
        f"{label}{number}": {
            "QUESTION": text.format(number, label),
            "CONTEXTS": [f"In group {number} of {label} we\nlooked.", "And we found it."],
            "LONG_ANSWER": f"It is {label} for {number}. More follows.",
            "final_decision": label,
        }
        for label, count in counts.items()
        for number in range(count)
    }
    path.write_text(json.dumps(records))
    return {"format": "pubmedqa_labeled", "path": str(path)}
