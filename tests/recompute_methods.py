"""Figures, differences and parse rates of a study's table of methods, anew from `predictions.jsonl`. Knows nothing of
the library: `python tests/recompute_methods.py spans results/tiny/drugs` prints what does not agree.

Of span studies and label studies.
"""

import csv
import json
import re
import sys
from collections import Counter, defaultdict
from itertools import chain, cycle
from pathlib import Path

from rapidfuzz import fuzz

CLOSE = 1e-5
"""The table has six significant digits."""
LEAST_LIKENESS = 90
"""Of a value and the words that are meant, in per cent."""


def lines(path):
    """Rows of a JSON lines file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def folded(value):
    """A value without case and white space."""
    return "".join(value.casefold().split())


def occurrences(text, value):
    """Places of a value, whatever its case and white space: whole words where there are some."""
    parts = [re.escape(character) for character in "".join(value.split())]
    if not parts:
        return []
    inner = r"\s*".join(parts)
    # No word may go on beyond the value; beside a bracket or a stop there is none to go on.
    before, after = (
        edge if re.match(r"\w", part) else "" for edge, part in (("(?<!\\w)", parts[0]), ("(?!\\w)", parts[-1]))
    )
    whole = list(re.finditer(before + inner + after, text, re.IGNORECASE))
    return [match.span() for match in whole or re.finditer(inner, text, re.IGNORECASE)]


def similar(text, value, wanted):
    """Places of words that are 90 % like a value that is not in the text, with the same numbers: the best ones, as many
    as wanted and ties, none within another."""
    words, own = ([match.span() for match in re.finditer(r"\w+", string)] for string in (text, value))
    lengths = [length for length in (len(own) - 1, len(own), len(own) + 1) if own and 1 <= length <= len(words)]
    stretches = [(words[n][0], words[n + k - 1][1]) for k in lengths for n in range(len(words) - k + 1)]
    core = folded(value[own[0][0] : own[-1][1]]) if own else ""
    ranked = []
    for start, end in stretches:
        stretch = folded(text[start:end])
        likeness = fuzz.ratio(core, stretch)
        if likeness >= LEAST_LIKENESS and re.findall(r"\d+", core) == re.findall(r"\d+", stretch):
            ranked.append((-likeness, start, end))
    found, worst = [], 0
    for rank, start, end in sorted(ranked):
        if len(found) >= wanted and rank > worst:
            break
        if all(end <= other[0] or other[1] <= start for other in found):
            found, worst = [*found, (start, end)], rank
    return sorted(found)


def spelled(kind):
    """A type without what answers may write in another way."""
    return kind.casefold().replace("-", "_").replace(" ", "_")


def starts_in_order(text, items):
    """Where each value begins, if the list follows the text; None where it does not stand there as it is written."""
    last, reached, starts = 0, 0, []
    for item in items:
        found = [start for start in (text.find(item["text"], at) for at in (reached, last)) if start >= 0]
        starts.append(found[0] if found else None)
        if found:
            last, reached = found[0], found[0] + len(item["text"])
    return starts


def placed(text, items):
    """(start, end, type) of each listed entity, None where it is not in the text.

    The n-th mention of a value is its n-th occurrence, in any case; the mentions of one spelling have the places with
    this spelling, where these are enough. With places to spare, a mention has the one where the list has come to, or
    the first; with too few, the first ones serve again.
    """
    spellings, groups = Counter(item["text"] for item in items), {}
    for number, item in enumerate(items):
        value = item["text"]
        places = occurrences(text, value)
        alike = [place for place in places if text[slice(*place)] == value]
        own = spellings[value] <= len(alike)
        key = (folded(value), not own, value if own else "")
        groups.setdefault(key, (alike if own else places, []))[1].append(number)
    starts, taken, found = starts_in_order(text, items), defaultdict(set), {}
    for (value, *_), (places, members) in sorted(groups.items()):
        places = places or similar(text, items[members[0]]["text"], len(members))
        free = [place for place in places if place not in taken[value]]
        spare = len(free) > len(members)
        near = [number for number in members if spare and starts[number] is not None]
        for number in near:
            found[number] = min(free, key=lambda place: abs(place[0] - starts[number]))
            free.remove(found[number])
        rest = [number for number in members if number not in near]
        found |= zip(rest, chain(free, cycle(places)), strict=False)
        taken[value] |= {found[number] for number in members if number in found}
    return [(*found[n], spelled(item["type"])) if n in found else None for n, item in enumerate(items)]


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
