"""Figures, differences and parse rates of a study's table of methods, anew from `predictions.jsonl`. Knows nothing of
the library: `python tests/recompute_methods.py spans results/tiny/drugs` prints what does not agree.

Of span studies and label studies.
"""

import csv
import json
import re
import sys
from collections import Counter
from pathlib import Path

CLOSE = 1e-5
"""The table has six significant digits."""


def lines(path):
    """Rows of a JSON lines file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def occurrences(text, value):
    """Places of a value: whole words where there are some, in any case."""
    inner = re.escape(value.casefold())
    whole = list(re.finditer(rf"(?<!\w){inner}(?!\w)", text.casefold()))
    return [match.span() for match in whole or re.finditer(inner, text.casefold())] if value else []


def spelled(kind):
    """A type without what answers may write in another way."""
    return kind.casefold().replace("-", "_").replace(" ", "_")


def placed(text, items):
    """(start, end, type) of each listed entity, None where it is not in the text. The n-th mention of a value is its
    n-th occurrence, or the one where the list has come to."""
    taken, reached, found = {}, 0, []
    for item in items:
        places = occurrences(text, item["text"])
        free = [place for place in places if place not in taken.setdefault(item["text"].casefold(), set())] or places
        if not free:
            found.append(None)
            continue
        following = [place for place in free if place[0] >= reached]
        place = (following or free)[0]
        taken[item["text"].casefold()].add(place)
        reached = max(reached, place[1])
        found.append((*place, spelled(item["type"])))
    return found


def span_counts(example, prediction):
    """tp, fp, fn: an entity is right with the boundaries and type of a gold one, each once."""
    gold = Counter({(e["start"], e["end"], spelled(e["type"])) for e in example["entities"]})
    listed = placed(re.sub(r"\s", " ", example["text"]), prediction["value"] or [])
    right = sum((Counter(span for span in listed if span) & gold).values())
    return right, len(listed) - right, gold.total() - right


def label_counts(example, prediction):
    """Right answers and answers."""
    readable = prediction["status"] in ("ok", "label_only")
    return int(readable and prediction["value"]["label"] == example["label"]), 1


def f1(tp, fp, fn):
    """Of summed counts; 0 where there are none."""
    return 2 * tp / (2 * tp + fp + fn) if tp + fp + fn else 0.0


KINDS = {
    "spans": (span_counts, f1, "strict_f1"),
    "labels": (label_counts, lambda right, n: right / n, "accuracy"),
}


def measured(kind, examples, folder):
    """Figure and parse rate of one unit on the test split."""
    counts, figure, _ = KINDS[kind]
    answers = {row["id"]: row for row in lines(folder / "predictions.jsonl") if row["split"] == "test"}
    assert answers.keys() == {example["id"] for example in examples}, folder
    sums = map(sum, zip(*(counts(example, answers[example["id"]]) for example in examples), strict=True))
    return figure(*sums), sum(row["status"] == "ok" for row in answers.values()) / len(answers)


def folders(study, row):
    """Of a row's units: all its seeds."""
    stem = row["method"] + ("" if row["size"] == "all" else f"-n{row['size']}")
    found = [path for path in study.iterdir() if re.fullmatch(rf"{re.escape(stem)}(-seed\d+)?", path.name)]
    assert len(found) == int(row["seeds"]), f"{stem}: {len(found)} folders, {row['seeds']} seeds in the table"
    return sorted(found)


def disagreements(kind, study):
    """What the table says, where it is another figure than the predictions give."""
    study, figure = Path(study), KINDS[kind][2]
    examples = lines(study / "data" / "test.jsonl")
    with (study / "summary" / "methods.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    means = []
    for row in rows:
        values = [measured(kind, examples, folder) for folder in folders(study, row)]
        means.append([sum(part) / len(values) for part in zip(*values, strict=True)])
    best, cheapest = (
        next(mean[0] for row, mean in zip(rows, means, strict=True) if row[mark] == "True")
        for mark in ("chosen", "cheapest")
    )
    for row, (value, parsed) in zip(rows, means, strict=True):
        wanted = {figure: value, "parse_rate": parsed}
        for name, reference in (("best", best), ("cheapest", cheapest)):
            if row[f"{name}_verdict"] != "reference":
                wanted[f"{name}_difference"] = value - reference
        for column, expected in wanted.items():
            if abs(float(row[column]) - expected) > CLOSE:
                yield f"{row['method']}, size {row['size']}: {column} is {row[column]}, recomputed {expected:.6g}"


if __name__ == "__main__":
    faults = list(disagreements(*sys.argv[1:]))
    print("\n".join(faults) or "all figures, differences and parse rates agree")
    sys.exit(bool(faults))
