"""Scores, summary and card of the kind `spans`."""

import json

import numpy as np
import pytest

from medtune.errors import InputError
from medtune.files import write_json
from medtune.kinds.spans import figures
from medtune.kinds.spans.card import study_card
from medtune.kinds.spans.score import ITEM_COLUMNS, score
from medtune.kinds.spans.task import SpanTask
from medtune.kinds.summary import RunFiles, comparison_rows, read_runs, run_columns, run_rows
from medtune.metrics.counts import f1_of_counts
from medtune.reporting.cards import render_card
from medtune.reporting.tables import read_csv, write_csv
from tests.estimates import estimates_in, wrong_units
from tests.unit.test_cards import BASE, MANIFEST, RECORD

TYPES = ("Drug", "Sign")
OPTIONS = {"study": "notes", "prompt": "Text: {text}\n", "entities": TYPES}
TEXT = "Aspirin for chest pain, no fever, pain eased."


def entity(value, kind, after=0):
    start = TEXT.index(value, after)
    return {"start": start, "end": start + len(value), "type": kind, "text": value}


def example(identifier, *entities, **more):
    return {"id": identifier, "text": TEXT, "source": "notes.jsonl", "entities": list(entities), **more}


def answer(identifier, *items, raw=None, confidences=None, split="test"):
    raw = json.dumps({"entities": [{"type": k, "text": t} for t, k in items]}) if raw is None else raw
    task = SpanTask(**OPTIONS)
    parsed = task.parse(raw)
    return {
        "id": identifier,
        "split": split,
        "raw": raw,
        "value": parsed.value,
        "status": parsed.status,
        "output_tokens": 5,
        "part_confidences": confidences or [0.9] * len(task.parts(raw)),
    }


EXAMPLES = [
    example("a", entity("Aspirin", "Drug"), entity("chest pain", "Sign")),
    example("b", entity("chest pain", "Sign"), entity("pain", "Sign", 30)),
    example("c"),
    example("d", entity("fever", "Sign")),
]
ANSWERS = [
    answer("a", ("Aspirin", "Drug"), ("chest pain", "Drug"), confidences=[0.9, 0.6, 0.8]),  # one with another type
    answer("b", ("chest pain", "Sign"), ("pain eased", "Sign"), ("heparin", "Drug")),  # one overlap, one not there
    answer("c"),
    answer("d", raw="fever"),  # does not parse
]


def scored(examples=EXAMPLES, answers=ANSWERS):
    return score({"test": examples}, answers, 7, **OPTIONS)


def of_test(**changes):
    return scored(**changes).metrics["splits"]["test"]


def test_figures_of_a_hand_made_case():
    test = of_test()
    assert (test["n"], test["n_gold"], test["n_predicted"]) == (4, 5, 5)
    values = {key: found["value"] for key, found in test.items() if isinstance(found, dict) and "value" in found}
    assert [values[f"strict_{name}"] for name in ("f1", "precision", "recall")] == pytest.approx([2 / 5] * 3)
    assert values["exact_f1"] == pytest.approx(3 / 5)
    assert values["partial_f1"] == pytest.approx(3.5 / 5)
    assert values["type_f1"] == pytest.approx(3 / 5)
    # Drug: 1 of 3 listed and 1 of 1 gold; Sign: 1 of 2 listed and 1 of 4 gold.
    assert values["macro_f1"] == pytest.approx((2 * 1 / 4 + 2 * 1 / 6) / 2)
    assert test["macro_types"] == ["Drug", "Sign"]
    assert test["by_type"]["Sign"]["strict_recall"]["value"] == pytest.approx(1 / 4)
    assert values["document_match"] == 1 / 4  # the one without entities
    assert values["parse_rate"] == 3 / 4
    assert values["grounded_rate"] == pytest.approx(4 / 5)


def test_every_figure_has_its_unit_and_is_of_no_more_than_was_drawn():
    metrics = scored().metrics
    assert len(list(estimates_in(metrics))) > 20
    assert not wrong_units(metrics, {"documents": 4, "entities": 5})


def test_rows_of_items_say_what_was_found():
    rows = {row["id"]: row for row in scored().items}
    assert set(rows["a"]) == set(ITEM_COLUMNS)
    assert [(row["gold"], row["predicted"], row["right"], row["ungroundable"]) for row in rows.values()] == [
        (2, 2, 1, 0),
        (2, 3, 1, 1),
        (0, 0, 0, 0),
        (1, 0, 0, 0),
    ]
    assert [row["exact_match"] for row in rows.values()] == [False, False, True, False]
    # The least of entities and end; nothing where a value has no place or the answer does not parse.
    assert [row["confidence"] for row in rows.values()] == [0.6, 0.0, 0.9, 0.0]


def test_an_entity_that_is_listed_twice_is_right_once():
    scores = scored([example("d", entity("fever", "Sign"))], [answer("d", ("fever", "Sign"), ("fever", "Sign"))])
    assert (scores.items[0]["right"], scores.items[0]["predicted"]) == (1, 2)
    assert scores.metrics["splits"]["test"]["strict_precision"]["value"] == 1 / 2


def test_groups_are_the_unit_and_places_of_their_texts_stay_apart():
    grouped = [{**row, "group": "p1" if row["id"] in "ab" else None} for row in EXAMPLES]
    test, alone = of_test(examples=grouped), of_test()
    assert (test["strict_f1"]["n"], test["strict_f1"]["unit"]) == (3, "groups")
    assert not wrong_units(test, {"groups": 3, "entities": 5})
    for key, found in test.items():
        if isinstance(found, dict) and "value" in found:
            assert found["value"] == alone[key]["value"], key
    assert test["strict_f1"]["low"] != alone["strict_f1"]["low"]


def test_sums_of_items_give_the_judged_figure(tmp_path):
    for group in (None, "p1"):
        grouped = [{**row, "group": group if row["id"] in "ab" else None} for row in EXAMPLES]
        scores = scored(examples=grouped)
        write_csv(tmp_path / "items.csv", scores.items, ITEM_COLUMNS)
        units, sums = figures.sums(read_csv(tmp_path / "items.csv", figures.ITEM_COLUMNS))
        assert len(units) == len(sums) == (4 if group is None else 3)
        assert figures.ratio(sums.sum(axis=0, keepdims=True))[0] == pytest.approx(
            scores.metrics["splits"]["test"][figures.JUDGED]["value"]
        )
        assert np.array_equal(sums[-1], [0, 0, 1])  # tp, fp, fn
        assert np.array_equal(sums.sum(axis=0), [2, 3, 3])
    assert figures.ratio is f1_of_counts


def run_files(folder, answers_of, examples):
    """Files of a base model and an adapter, scored on the same documents of both splits."""
    files = []
    for name, answers in answers_of.items():
        both = [*answers, *({**row, "split": "validation"} for row in answers)]
        scores = score({"validation": examples, "test": examples}, both, 7, **OPTIONS)
        metrics, items, record = (folder / f"{name}{end}" for end in (".json", ".csv", "-training.json"))
        write_json(metrics, scores.metrics)
        write_csv(items, scores.items, ITEM_COLUMNS)
        write_json(record, {"train_seconds": 1.0})
        trained = name != "base"
        files.append(RunFiles(name, 1 if trained else None, metrics, items, record if trained else None))
    return files


def test_the_summary_compares_runs_by_documents(tmp_path):
    perfect = [
        answer("a", ("Aspirin", "Drug"), ("chest pain", "Sign")),
        answer("b", ("chest pain", "Sign"), ("pain", "Sign")),
        answer("c"),
        answer("d", ("fever", "Sign")),
    ]
    runs = read_runs(run_files(tmp_path, {"base": ANSWERS, "adapter": perfect}, EXAMPLES), figures)
    base, adapter = run_rows(runs)
    assert set(base) == set(run_columns(figures))
    assert (base["strict_f1"], adapter["strict_f1"]) == (pytest.approx(2 / 5), 1)
    (row,) = comparison_rows(runs, seed=0)
    assert (row["difference"], row["n"]) == (pytest.approx(3 / 5), 4)


def test_a_summary_of_splits_without_entities_is_refused(tmp_path):
    files = run_files(tmp_path, {"base": [answer("c")], "adapter": [answer("c")]}, [example("c")])
    with pytest.raises(InputError, match=r"the validation split holds nothing that strict F1 .* is measured on"):
        read_runs(files, figures)


def test_all_that_is_shown_is_a_figure():
    test = of_test()
    assert figures.JUDGED in {shown.key for shown in figures.SHOWN}
    for shown in figures.SHOWN:
        assert set(test[shown.key]) >= {"value", "low", "high", "n", "unit"}


def test_a_split_without_entities_has_no_figures_but_that_it_was_right():
    test = of_test(examples=[example("c")], answers=[answer("c")])
    assert test["strict_f1"]["value"] is None
    assert test["document_match"]["value"] == 1
    assert test["grounded_rate"]["value"] is None


@pytest.mark.parametrize(
    "examples, answers, words",
    [
        ([example("a", entity("fever", "Organ"))], [answer("a")], 'test, id "a": entity type "Organ"; expected one of'),
        ([example("a")], [], 'no answer to id "a"'),
        ([example("a")], [{**answer("a"), "part_confidences": []}], 'id "a": needs a confidence for each item'),
        (
            [example("a")],
            [{key: value for key, value in answer("a").items() if key != "part_confidences"}],
            'id "a": needs a confidence for each item',
        ),
        (
            [example("a", {"start": 3, "end": 3, "type": "Drug"})],
            [answer("a")],
            r'id "a": entity \[3, 3\) is not within the text of 45 characters',
        ),
    ],
)
def test_faulty_input_is_refused_with_its_record(examples, answers, words):
    with pytest.raises(InputError, match=words):
        scored(examples=examples, answers=answers)


def test_the_card_shows_every_figure_and_no_markup_of_names():
    card = study_card(MANIFEST, **OPTIONS, title="My *notes*", limits=["Not for <b>patients</b>."])
    metrics = {"splits": {"test": of_test()}}
    text = render_card(card, "base", "adapter", BASE, MANIFEST, RECORD, metrics, {"base model": metrics})
    for shown in figures.SHOWN:
        assert shown.name in text
    assert "<b>" not in text.split("```")[0]
    assert "Lists entities of type `Drug` and `Sign`" in text
    assert 'prompt = "Text: Aspirin was given for chest pain; no fever.\\n"' in text
