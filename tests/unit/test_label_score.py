import math

import numpy as np
import pytest

from medtune.errors import InputError
from medtune.files import write_json
from medtune.kinds.labels import figures
from medtune.kinds.labels.card import study_card
from medtune.kinds.labels.score import ITEM_COLUMNS, score
from medtune.kinds.summary import RunFiles
from medtune.metrics.significance import paired_difference
from medtune.reporting.cards import render_card
from medtune.reporting.tables import read_csv, write_csv
from medtune.stages import summarize_own
from tests.unit.test_cards import BASE, MANIFEST, RECORD

LABELS = ("none", "past smoker", "smoker")
OPTIONS = {"study": "smoking", "prompt": "Text: {text}\nLabel:", "labels": LABELS, "rationale": False}


def example(identifier, label, **more):
    return {"id": identifier, "text": "a note", "label": label, "source": "notes.csv", **more}


def answer(identifier, label, likelihoods=(0.6, 0.3, 0.1), split="test", status="ok"):
    return {
        "id": identifier,
        "split": split,
        "raw": f" {label}.",
        "value": {"label": label, "rationale": None} if label else None,
        "status": status if label else "unparsable",
        "output_tokens": 3,
        "label_log_likelihoods": dict(zip(LABELS, map(math.log, likelihoods), strict=True)),
    }


EXAMPLES = [
    example("a", "none"),
    example("b", "past smoker"),
    example("c", "smoker"),
    example("d", "smoker"),
]
ANSWERS = [
    answer("a", "none"),
    answer("b", "smoker", (0.1, 0.2, 0.7)),
    answer("c", "smoker", (0.1, 0.1, 0.8), status="label_only"),
    answer("d", None, (0.2, 0.1, 0.7)),
]


def scored(examples=EXAMPLES, answers=ANSWERS, options=OPTIONS):
    return score({"test": examples}, answers, 0, **options)


def of_test(**changes):
    return scored(**changes).metrics["splits"]["test"]


def test_figures_of_a_hand_made_case():
    test = of_test()
    values = {name: test[name]["value"] for name in ("accuracy", "strict_accuracy", "format_rate")}
    assert values == {"accuracy": 0.5, "strict_accuracy": 0.25, "format_rate": 0.5}
    assert test["macro_f1"]["value"] == pytest.approx((1 + 0 + 0.5) / 3)
    assert test["likelihood_accuracy"]["value"] == 0.75
    smoker = {name: figure["value"] for name, figure in test["by_label"]["smoker"].items()}
    assert smoker == {"precision": 0.5, "recall": 0.5, "f1": pytest.approx(0.5)}
    assert (test["by_label"]["past smoker"]["precision"]["value"], test["by_label"]["none"]["recall"]["n"]) == (None, 1)
    # Confidence 0.6 once and right; 0.7 twice with one right; 0.8 once and right.
    assert test["ece"]["value"] == pytest.approx((abs(0.6 - 1) + abs(1.4 - 1) + abs(0.8 - 1)) / 4)
    assert test["brier"]["value"] == pytest.approx((0.26 + 0.01 + 0.64 + 0.49 + 0.06 + 0.14) / 4)
    assert sum(row["n"] for row in test["reliability"]) == 4
    assert (test["accuracy"]["n"], test["accuracy"]["unit"]) == (4, "texts")


def test_a_label_called_none_is_not_mixed_up_with_no_label():
    table = of_test()["confusion"]
    assert table["none"] == {"none": 1, "past smoker": 0, "smoker": 0, "(none)": 0}
    assert table["smoker"]["(none)"] == 1


def test_every_figure_that_summaries_show_has_n_and_an_interval():
    for grouped in (False, True):
        examples = [{**row, "group": row["label"]} for row in EXAMPLES] if grouped else EXAMPLES
        test = of_test(examples=examples)
        for shown in figures.SHOWN:
            figure = test[shown.key]
            assert figure["low"] <= figure["value"] <= figure["high"] and figure["low"] < figure["high"], shown.key
            assert figure["n"] == (3 if grouped and shown.key != "ece_of_chance" else 4), shown.key
            assert figure["unit"] == ("groups" if grouped and shown.key != "ece_of_chance" else "texts"), shown.key
    assert figures.JUDGED in {shown.key for shown in figures.SHOWN}


def many(groups, size, right):
    """Texts in groups, right or wrong as a whole. right: of each group."""
    examples = [example(f"{g}/{n}", "none", group=f"p{g}") for g in range(groups) for n in range(size)]
    answers = [answer(f"{g}/{n}", "none" if right[g] else "smoker") for g in range(groups) for n in range(size)]
    return examples, answers


def test_texts_of_a_patient_are_no_evidence_of_their_own():
    examples, answers = many(12, 5, [True] * 8 + [False] * 4)
    alone = of_test(examples=[{**row, "group": None} for row in examples], answers=answers)
    grouped = of_test(examples=examples, answers=answers)
    for name in ("accuracy", "macro_f1", "format_rate", "strict_accuracy"):
        assert grouped[name]["value"] == pytest.approx(alone[name]["value"])
        assert (alone[name]["n"], grouped[name]["n"]) == (60, 12)
    for name in ("accuracy", "strict_accuracy"):
        widths = [split[name]["high"] - split[name]["low"] for split in (alone, grouped)]
        assert widths[1] > 1.7 * widths[0], name
    recall = grouped["by_label"]["none"]["recall"]
    assert (recall["value"], recall["n"]) == (pytest.approx(2 / 3), 12)


def test_a_text_without_a_group_among_others_is_drawn_on_its_own():
    examples = [example("a", "none", group="b"), example("b", "none"), example("c", "none", group="b")]
    test = of_test(examples=examples, answers=[answer(row["id"], "none") for row in examples])
    assert (test["accuracy"]["n"], test["accuracy"]["unit"]) == (2, "groups")


def test_items_have_one_row_per_example_with_the_columns():
    items = scored(answers=ANSWERS[::-1]).items
    assert all(tuple(item) == ITEM_COLUMNS for item in items)
    assert [item["id"] for item in items] == ["a", "b", "c", "d"]
    assert [item["predicted"] for item in items] == ["none", "smoker", "smoker", None]
    assert [item["likelihood_correct"] for item in items] == [True, False, True, True]


def test_two_runs_are_compared_over_what_was_drawn(tmp_path):
    examples, answers = many(6, 3, [True, True, True, True, False, False])
    for name, given in (("grouped", examples), ("alone", [{**row, "group": None} for row in examples])):
        write_csv(tmp_path / name, scored(given, answers).items, ITEM_COLUMNS)
    units, counts = figures.sums(read_csv(tmp_path / "grouped"))
    assert units == [f"group p{g}" for g in range(6)]
    assert counts.tolist() == [[3, 3]] * 4 + [[0, 3]] * 2
    alone_units, alone = figures.sums(read_csv(tmp_path / "alone"))
    assert (len(alone_units), alone.sum(axis=0).tolist()) == (18, [12, 18])
    assert (
        figures.ratio(counts.sum(axis=0, keepdims=True)) == figures.ratio(alone.sum(axis=0, keepdims=True)) == [2 / 3]
    )
    better = np.column_stack([counts[:, 1], counts[:, 1]])
    assert paired_difference(better, counts, figures.ratio, seed=0).n == 6


def test_a_split_without_examples_has_no_values():
    test = score({"test": []}, [], 0, **OPTIONS).metrics["splits"]["test"]
    assert all(test[shown.key]["value"] is None for shown in figures.SHOWN)
    assert test["reliability"] == []


@pytest.mark.parametrize(
    ("examples", "answers", "message"),
    [
        (EXAMPLES, ANSWERS[:3], 'predictions: no answer to id "d" of split test'),
        ([*EXAMPLES[:3], example("d", "ex")], ANSWERS, 'test, id "d": label "ex"; expected one of none, past smoker'),
        (EXAMPLES, [*ANSWERS[:3], answer("d", "ex")], 'predictions, id "d": label "ex"; expected one of none'),
        (EXAMPLES, [*ANSWERS[:3], {**ANSWERS[3], "label_log_likelihoods": {"none": -1}}], "needs a log-likelihood"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_id(examples, answers, message):
    with pytest.raises(InputError, match=message):
        scored(examples, answers)


def test_the_card_shows_every_figure_the_labels_and_the_limits():
    study = study_card(MANIFEST, title="Smoking_status", limits=["Not for <decisions>."], **OPTIONS)
    card = render_card(study, "base", "adapter", BASE, MANIFEST, RECORD, scored().metrics)
    for shown in figures.SHOWN:
        assert f"| {shown.name} | " in card
    assert "`none`, `past smoker` and `smoker`" in card and r"# Smoking\_status: LoRA adapter" in card
    assert r"- Not for \<decisions\>." in card
    assert "Rationale" not in card
    assert "Rationale:" in study_card(MANIFEST, title="T", limits=[], **{**OPTIONS, "rationale": True}).summary


def test_the_page_of_a_study_shows_each_label_and_the_confusion(tmp_path):
    files = []
    for name, seed in (("base", None), ("a", 1)):
        folder, found = tmp_path / name, ANSWERS if seed else [answer(row["id"], None) for row in EXAMPLES]
        folder.mkdir()
        validation = [{**row, "split": "validation"} for row in found]
        scores = score({"validation": EXAMPLES, "test": EXAMPLES}, [*validation, *found], 0, **OPTIONS)
        write_json(folder / "metrics.json", scores.metrics)
        write_csv(folder / "items.csv", scores.items, ITEM_COLUMNS)
        write_json(folder / "training.json", {**RECORD, "history": []})
        record = folder / "training.json" if seed else None
        files.append(RunFiles(name, seed, folder / "metrics.json", folder / "items.csv", record))
    write_json(tmp_path / "manifest.json", {**MANIFEST, "dropped": []})
    tables = (*summarize_own.TABLES, "automation")
    outputs = {name: tmp_path / f"{name}.csv" for name in tables}
    outputs |= {f"{name}_html": tmp_path / f"{name}.html" for name in tables}
    outputs |= {f"{name}_{end}": tmp_path / f"{name}.{end}" for name in summarize_own.PLOTS for end in ("png", "svg")}
    outputs |= {name: tmp_path / name for name in ("choice", "headline", "page_html")} | {"page": tmp_path / "page.md"}
    summarize_own.summarize("own_labels", "Smoking", files, tmp_path / "manifest.json", outputs, seed=0)
    page = outputs["page"].read_text()
    smoker = next(line for line in page.splitlines() if line.startswith("| a (seed 1) | smoker |"))
    assert smoker.count("50.0 %") == 3 and "n = 2 texts" in smoker
    assert "| label | none | past smoker | smoker | (none) |" in page
    assert "| smoker | 0 | 0 | 1 | 1 |" in page and "## Training" in page


def test_labels_that_a_split_does_not_hold_are_no_failure():
    """A perfect model on a split of one of three labels: macro-F1 is 1, and half of it is lost with one of two."""
    examples = [example("a", "smoker"), example("b", "smoker")]
    right = [answer("a", "smoker", (0.1, 0.2, 0.7)), answer("b", "smoker", (0.1, 0.2, 0.7))]
    found = of_test(examples=examples, answers=right)
    assert (found["macro_f1"]["value"], found["likelihood_macro_f1"]["value"]) == (1, 1)
    # One of two right: precision 1, recall 1/2, F1 2/3; the label that was said instead is none of the split's.
    wrong = [right[0], answer("b", "none", (0.8, 0.1, 0.1))]
    assert of_test(examples=examples, answers=wrong)["macro_f1"]["value"] == pytest.approx(2 / 3)
