"""The table of methods, with a kind made for the test (shares of right items) and with span predictions."""

import json
import math
from types import SimpleNamespace

import numpy as np
import pytest

from medtune.errors import InputError
from medtune.files import read_json, write_json, write_jsonl
from medtune.kinds.method_units import UnitFiles, read_methods
from medtune.kinds.methods_table import method_columns, method_rows
from medtune.kinds.shown import Shown
from medtune.kinds.spans import figures as span_figures
from medtune.kinds.spans.score import ITEM_COLUMNS
from medtune.kinds.spans.score import score as score_spans
from medtune.kinds.spans.task import SpanTask
from medtune.metrics.estimate import end_values
from medtune.metrics.proportions import proportion
from medtune.metrics.significance import paired_difference
from medtune.reporting.plots import plot_learning_curves
from medtune.reporting.tables import read_csv, write_csv
from medtune.stages import summarize_methods
from tests.columns import faults
from tests.recompute_methods import disagreements

COLUMNS = ("id", "split", "status", "correct")
TYPES = ("Drug", "Disease")


def sums(items):
    right = [item["correct"] == "True" for item in items]
    return [item["id"] for item in items], np.column_stack([right, np.ones(len(right))])


def ratio(found):
    return found[:, 0] / found[:, 1]


KIND = SimpleNamespace(
    SHOWN=(Shown("accuracy", "accuracy"),), JUDGED="accuracy", ITEM_COLUMNS=COLUMNS, sums=sums, ratio=ratio
)


def written_costs(folder, train=2.0, answer=1.0, parameters=0, examples=30, device="CPU"):
    record = {"examples": examples, "trainable_parameters": parameters, "train_seconds": train, "peak_memory_mb": 50}
    write_json(folder / "training.json", record)
    answering = {"seconds": answer, "documents": 40, "peak_memory_mb": 70, "device": device}
    write_json(folder / "answering.json", answering)


def unit_files(folder, method, kind="rules", size=None, seed=1, seeded=False, model=None):
    names = ("metrics.json", "items.csv", "training.json", "answering.json")
    return UnitFiles(method, kind, model, size, seed, seeded, *(folder / name for name in names))


@pytest.fixture
def unit(tmp_path):
    """Writes the files of one unit: which of its test items are right, and its validation accuracy in tenths."""

    def written(method, right, validation, *, size=None, seed=1, seeded=False, ids=None, unparsed=0, **costs):
        folder = tmp_path / f"{method}-n{size}-seed{seed}"
        folder.mkdir()
        costs.setdefault("examples", size or 30)
        ids = ids or [f"t{n}" for n in range(len(right))]
        rows = [
            {"id": key, "split": "test", "status": "not_json" if n < unparsed else "ok", "correct": one}
            for n, (key, one) in enumerate(zip(ids, right, strict=True))
        ]
        rows += [{"id": f"v{n}", "split": "validation", "status": "ok", "correct": n < validation} for n in range(10)]
        write_csv(folder / "items.csv", rows, COLUMNS)
        shares = {"validation": proportion(validation, 10), "test": proportion(sum(right), len(right))}
        splits = {split: {"accuracy": share.as_dict()} for split, share in shares.items()}
        write_json(folder / "metrics.json", {"splits": splits})
        written_costs(folder, **costs)
        return unit_files(folder, method, "adapter" if seeded else "rules", size, seed, seeded)

    return written


def rows_of(files):
    return {(row["method"], row["size"]): row for row in method_rows(read_methods(files, KIND), seed=0)}


def seeds_of(unit, method, rights, validation, **more):
    return [unit(method, right, validation, seed=seed, seeded=True, **more) for seed, right in enumerate(rights, 1)]


def test_the_best_is_chosen_on_validation_at_full_size_and_the_cheapest_by_seconds(unit):
    files = [
        unit("a", [True] * 8, 4, train=1, answer=0.04),
        unit("b", [False] * 8, 6, train=1.5, answer=0.01),
        unit("c", [True] * 8, 9, size=5, seed=1),
        unit("c", [True] * 8, 3),
    ]
    rows = rows_of(files)
    assert [key for key, row in rows.items() if row["chosen"]] == [("b", "all")]
    # Of training and of 1,000 documents: 1 + 1 against 1.5 + 0.25.
    assert [key for key, row in rows.items() if row["cheapest"]] == [("b", "all")]
    assert rows["a", "all"]["seconds_per_1000"] == pytest.approx(1.0)
    assert rows["b", "all"]["best_verdict"] == "reference" and rows["b", "all"]["best_difference"] is None


def test_a_figure_of_items_stands_in_the_table_as_its_mean_over_seeds(unit):
    kind = SimpleNamespace(**{**vars(KIND), "ITEM_COLUMNS": (*COLUMNS, "ease")})
    kind.SHOWN = (*KIND.SHOWN, Shown("ease", "ease", in_items=True))
    files = seeds_of(unit, "a", [[True] * 4] * 3, 9)
    for seed, one in enumerate(files):
        rows = read_csv(one.items, COLUMNS)
        write_csv(one.items, [{**row, "ease": seed / 4 + (row["id"] == "t0") / 5} for row in rows], kind.ITEM_COLUMNS)
    (row,) = method_rows(read_methods(files, kind), seed=0)
    assert tuple(row) == method_columns(kind)
    assert row["ease"] == pytest.approx(0.25 + 0.05) and row["ease_low"] < row["ease"] < row["ease_high"]


def test_a_row_has_the_columns_and_the_mean_over_seeds(unit):
    files = [
        *seeds_of(unit, "a", [[True] * 4, [True, True, False, False], [True, False] * 2], 9, train=4, unparsed=1),
        unit("r", [True, False, False, False], 1, train=0),
    ]
    found = method_rows(read_methods(files, KIND), seed=0)
    assert tuple(found[0]) == method_columns(KIND)
    assert (found[0]["seeds"], found[0]["accuracy"], found[0]["n"]) == (3, pytest.approx(2 / 3), 4)
    assert (found[0]["parse_rate"], found[0]["peak_memory_mb"], found[0]["train_seconds"]) == (0.75, 70, 4)
    assert [row["interval_over"] for row in found] == ["items and seeds", "items"]
    own = proportion(1, 4)
    assert [found[1][f"accuracy{end}"] for end in ("", "_low", "_high")] == [own.value, own.low, own.high]


def test_seeds_that_differ_widen_the_interval(unit):
    apart = [[True] * 20, [True] * 10 + [False] * 10, [False] * 20]
    alike = [[n % 2 == 0 for n in range(20)]] * 3
    rows = rows_of([*seeds_of(unit, "apart", apart, 1), *seeds_of(unit, "alike", alike, 1)])
    assert rows["apart", "all"]["accuracy"] == pytest.approx(rows["alike", "all"]["accuracy"])
    assert rows["apart", "all"]["accuracy_low"] == 0 and rows["alike", "all"]["accuracy_low"] > 0.2


def test_two_methods_without_chance_are_told_apart_by_permutation(unit):
    a, b = [True] * 12, [False] * 12
    rows = rows_of([unit("a", a, 9, train=9), unit("b", b, 1), unit("c", b, 1, train=3)])
    expected = paired_difference([[x, 1] for x in b], [[x, 1] for x in a], ratio, seed=0)
    assert rows["b", "all"]["best_difference"] == -1
    assert rows["b", "all"]["best_p_value"] == pytest.approx(expected.p_value)
    assert rows["b", "all"]["best_p_holm"] == pytest.approx(2 * expected.p_value)
    assert (rows["b", "all"]["best_verdict"], rows["a", "all"]["cheapest_verdict"]) == ("worse", "better")


def test_of_a_trained_method_with_two_seeds_nothing_is_claimed_but_the_difference_stands(unit):
    files = [unit("r", [True] * 20, 9), *seeds_of(unit, "a", [[False] * 20, [True, False] * 10], 1)]
    row = rows_of(files)["a", "all"]
    assert row["best_verdict"] == "nothing claimed: fewer than 3 training seeds"
    assert (row["best_difference"], row["best_p_value"], row["best_settle"]) == (pytest.approx(-0.75), None, None)
    assert row["best_difference_low"] < -0.75 < row["best_difference_high"]


def test_a_trained_method_with_three_seeds_is_told_from_rules_which_have_one(unit):
    rights = [[n % 10 == seed for n in range(40)] for seed in range(3)]
    rows = rows_of([unit("r", [True] * 40, 9), *seeds_of(unit, "a", rights, 1)])
    assert rows["a", "all"]["best_verdict"] == "worse" and rows["a", "all"]["best_p_holm"] < 0.001


def test_smaller_sizes_are_shown_but_not_tested(unit):
    files = [unit("r", [True] * 12, 9), unit("r", [False] * 12, 1, size=5), unit("b", [False] * 12, 1)]
    rows = rows_of(files)
    assert rows["r", 5]["best_verdict"] == "not tested: fewer training documents"
    assert (rows["r", 5]["best_difference"], rows["r", 5]["pareto_inference"]) == (-1, None)
    assert rows["b", "all"]["best_p_holm"] == rows["b", "all"]["best_p_value"]


def test_a_tie_says_how_many_documents_would_settle_it(unit):
    a, b = [True] * 12 + [False] * 8, [True] * 10 + [False] * 10
    row = rows_of([unit("a", a, 9), unit("b", b, 1)])["b", "all"]
    assert row["best_verdict"] == "tie"
    # Two of 20 differ, one way: mean 0.1, variance of a document 0.09 x 20 / 19, by the textbook 7.849 x 0.0947 / 0.01.
    assert row["best_settle"] == pytest.approx(75, abs=1)
    # 1.45 standard errors, which without any difference more than a tenth of draws exceed: no upper end.
    assert (row["best_settle_least"], row["best_settle_most"]) == (21, None)
    alike = rows_of([unit("c", a, 9), unit("d", a, 1)])["d", "all"]
    assert (alike["best_verdict"], alike["best_settle"], alike["best_settle_most"]) == ("tie", None, None)


def test_a_tie_of_documents_that_all_differ_alike_is_settled_by_the_width_of_the_interval(unit):
    row = rows_of([unit("a", [True] * 4, 9), unit("b", [False] * 4, 1)])["b", "all"]
    assert (row["best_verdict"], row["best_difference"]) == ("tie", -1)
    # Standard error: half of the interval over 3.18 (t of 3); (0.8 power: 2.80 of them)^2 of four documents.
    error = (row["best_difference_high"] - row["best_difference_low"]) / 2 / 3.1824
    assert row["best_settle"] == math.ceil(4 * (2.8016 * error) ** 2) == 1


def test_pareto_optimal_are_those_that_no_other_beats_in_figure_and_seconds(unit):
    files = [
        unit("cheap", [False] * 4, 1, answer=0.1, train=0),
        unit("good", [True] * 4, 1, answer=1.0, train=5),
        unit("beaten", [True, False] * 2, 1, answer=2.0, train=3),
        unit("as good", [True] * 4, 1, answer=3.0, train=5),
    ]
    rows = rows_of(files)
    assert [row["pareto_inference"] for row in rows.values()] == [True, True, False, False]
    assert [row["pareto_training"] for row in rows.values()] == [True, True, True, True]


def test_a_method_whose_seconds_are_not_known_is_neither_cheapest_nor_pareto_optimal_by_them(unit):
    files = [
        unit("copied", [True] * 4, 1, answer=None, train=0, device=None),
        unit("good", [True] * 4, 1, answer=1.0, train=5),
        unit("worse", [True, False] * 2, 1, answer=2.0, train=3),
    ]
    rows = rows_of(files)
    assert [row["seconds_per_1000"] for row in rows.values()] == [None, 25.0, 50.0]
    assert [row["pareto_inference"] for row in rows.values()] == [None, True, False]
    assert [row["pareto_training"] for row in rows.values()] == [True, False, False]
    assert [row["device"] for row in rows.values()] == [None, "CPU", "CPU"]
    assert [key for key, row in rows.items() if row["cheapest"]] == [("good", "all")]


def test_bad_input_has_a_sentence(unit):
    first = unit("a", [True], 1)
    with pytest.raises(InputError, match='two results of "a" at size all, seed 1'):
        read_methods([first, first], KIND)
    with pytest.raises(InputError, match='"b" has no result of all training documents'):
        read_methods([first, unit("b", [True], 1, size=5)], KIND)
    with pytest.raises(InputError, match="other items than those of"):
        read_methods([first, unit("c", [True], 1, ids=["x"])], KIND)
    with pytest.raises(InputError, match="expected at least one"):
        read_methods([], KIND)
    record = read_json(first.record)
    write_json(first.record, {key: record[key] for key in record if key != "train_seconds"})
    with pytest.raises(InputError, match="has no train_seconds"):
        read_methods([first], KIND)


def test_of_a_single_item_nothing_is_claimed(unit):
    row = rows_of([unit("a", [True], 9), unit("b", [False], 1)])["b", "all"]
    assert row["best_verdict"] == "nothing claimed: the test split is a single unit"


SENTENCES = ("Gout was treated with colchicine.", "No gout, no asthma; aspirin and Aspirin.", "Asthma.")
GOLD = (
    [(0, 4, "Disease"), (22, 32, "Drug")],
    [(3, 7, "Disease"), (12, 18, "Disease"), (20, 27, "Drug"), (32, 39, "Drug")],
    [(0, 6, "Disease")],
)


def examples_of(split):
    return [
        {
            "id": f"{split}{n}",
            "text": SENTENCES[n % 3],
            "entities": [{"start": a, "end": b, "type": label} for a, b, label in GOLD[n % 3]],
        }
        for n in range(9)
    ]


def answers(split, skill, rng):
    """Lists of entities as text, of which a share of skill is right; some do not parse."""
    for example in examples_of(split):
        listed = []
        for entity in example["entities"]:
            label = entity["type"] if rng.random() < skill else TYPES[entity["type"] == "Drug"]
            if rng.random() < 0.9:
                listed.append({"type": label, "text": example["text"][entity["start"] : entity["end"]]})
        if rng.random() < 1 - skill:
            listed.append({"type": "Drug", "text": "warfarin"})
        text = json.dumps({"entities": listed})
        yield example, "no list at all" if rng.random() < 0.15 else text


@pytest.fixture
def study(tmp_path):
    """A span study whose methods answered, scored as the rules do."""
    root, task = tmp_path / "drugs", SpanTask("drugs", "Text: {text}\n", TYPES)
    write_jsonl(root / "data" / "test.jsonl", examples_of("test"))
    rng, files = np.random.default_rng(3), []
    for method, size, seed, skill in (
        *(("tagger", None, seed, 0.8) for seed in (1, 2, 3)),
        *(("tagger", size, seed, skill) for size, skill in ((4, 0.3), (10, 0.5)) for seed in (1, 2, 3)),
        ("dictionary", None, 1, 0.7),
    ):
        folder = root / f"{method}{f'-n{size}' if size else ''}{f'-seed{seed}' if seed > 1 else ''}"
        folder.mkdir(parents=True)
        rows = []
        for split in ("validation", "test"):
            for example, text in answers(split, skill, rng):
                parsed = task.parse(text)
                parts = [0.9] * (1 + len(parsed.value or []))
                row = {"id": example["id"], "split": split, "raw": text, "value": parsed.value}
                rows.append({**row, "status": parsed.status, "output_tokens": 5, "part_confidences": parts})
        write_jsonl(folder / "predictions.jsonl", rows)
        held = {split: examples_of(split) for split in ("validation", "test")}
        scores = score_spans(held, rows, 0, study="drugs", prompt="Text: {text}\n", entities=TYPES)
        write_json(folder / "metrics.json", scores.metrics)
        write_csv(folder / "items.csv", scores.items, ITEM_COLUMNS)
        unknown = {"answer": None, "device": None} if method == "dictionary" else {}
        written_costs(folder, parameters=100, examples=size or 30, **unknown)
        files.append(unit_files(folder, method, size=size, seed=seed, seeded=method == "tagger"))
    return root, files


def summarized(root, files):
    endings = {"html": "html", "png": "png", "svg": "svg", "page": "md", "headline": "txt"}
    names = [*summarize_methods.TABLES, *(f"{name}_html" for name in summarize_methods.TABLES)]
    names += [f"{plot}_{suffix}" for plot in summarize_methods.PLOTS for suffix in ("png", "svg")]
    names += ["page", "page_html", "headline"]
    outputs = {name: root / "summary" / f"{name}.{endings.get(name.split('_')[-1], 'csv')}" for name in names}
    manifest = root / "data" / "manifest.json"
    write_json(manifest, {"records": {"train": 30, "test": 9}, "leakage": {"near_twins": {"method": "m", "test": 2}}})
    summarize_methods.summarize("own_spans", "Drugs", files, outputs, seed=0, manifest=manifest)
    return outputs


def test_the_table_holds_what_a_plain_script_counts_in_the_predictions(study):
    root, files = study
    table = summarized(root, files)["methods"]
    rows = read_csv(table)
    assert list(disagreements("spans", root)) == []
    assert 0.2 < float(rows[0]["strict_f1"]) < 0.95 and 0.5 < float(rows[0]["parse_rate"]) < 1
    for column in ("strict_f1", "parse_rate", "best_difference"):
        place = next(n for n, row in enumerate(rows) if row[column])
        changed = [{**row, column: float(row[column] or 0) + 0.01 * (n == place)} for n, row in enumerate(rows)]
        write_csv(table, changed, tuple(rows[0]))
        assert any(f"{column} is" in fault for fault in disagreements("spans", root))


def test_each_figure_of_the_written_table_holds_its_value(study):
    root, files = study
    summarized(root, files)
    assert list(faults(root / "summary")) == []


def test_the_page_has_the_table_the_differences_and_the_costs(study):
    root, files = study
    outputs = summarized(root, files)
    assert all(path.stat().st_size for path in outputs.values())
    page = outputs["page"].read_text()
    assert "- Near twins: 2 of 9 texts of the test split are much like one of another split" in page
    assert "- Whether a base model has read the test items before was not looked at" in page
    assert "# Drugs: methods" in page and "| tagger (best on validation)" in page
    assert "Against tagger, the best on validation" in page and "It is also the cheapest." in page
    assert "- dictionary: " in page and "after Holm: tie. " in page
    assert "- tagger: 60 training documents in place of 30" in page and "; expected gain +" in page
    assert "- dictionary: not fitted: 1 size of the training data; a curve takes 3." in page
    assert "chosen on validation among 2 methods" in outputs["headline"].read_text()
    assert method_columns(span_figures) == tuple(read_csv(outputs["methods"])[0])


def test_a_tie_is_not_said_to_need_fewer_documents_than_it_has(tmp_path, unit, monkeypatch):
    monkeypatch.setattr(summarize_methods, "part_of", lambda *_: KIND)
    few = [unit("a", [True] * 4, 9), unit("b", [False] * 4, 1, train=9)]
    page = summarized(tmp_path / "few", few)["page"].read_text()
    assert "after Holm: tie. So large a difference is mostly told with 4 items (power 80 % or more)" in page
    more = [unit("c", [True] * 12 + [False] * 8, 9), unit("d", [True] * 10 + [False] * 10, 1, train=9)]
    page = summarized(tmp_path / "more", more)["page"].read_text()
    assert "after Holm: tie. About 75 items would settle it (power 80 %; 80 % interval: 21 or more" in page


def test_plots_of_curves_are_against_training_documents(study, monkeypatch):
    drawn = {}

    def kept(measured, fitted, *more):
        drawn.update({line.name: (list(line.x), end_values(line.figures[-1]).value) for line in measured})
        return plot_learning_curves(measured, fitted, *more)

    monkeypatch.setattr(summarize_methods, "plot_learning_curves", kept)
    rows = read_csv(summarized(*study)["methods"])
    assert drawn["tagger"][0] == [4, 10, 30] and drawn["dictionary"][0] == [30]
    assert drawn["dictionary"][1] == pytest.approx(float(rows[-1]["strict_f1"]), rel=1e-5)


def test_the_tables_of_curves_have_the_measured_sizes_and_the_one_looked_ahead_to(study):
    root, files = study
    outputs = summarized(root, files)
    curve = [row for row in read_csv(outputs["learning_curve"]) if row["method"] == "tagger"]
    assert [row["documents"] for row in curve] == ["4", "10", "30", "60"]
    assert [bool(row["strict_f1"]) for row in curve] == [True, True, True, False]
    assert all(float(row["fitted_low"]) < float(row["fitted"]) < float(row["fitted_high"]) for row in curve)
    tagger, dictionary = read_csv(outputs["more_documents"])
    assert (tagger["expected"], tagger["next_documents"]) == (curve[-1]["fitted"], "60")
    assert (dictionary["expected"], dictionary["next_documents"]) == ("", "")


def test_two_sizes_with_as_many_documents_are_refused(unit):
    files = [unit("a", [True] * 3, 1), unit("a", [True] * 3, 1, size=5, examples=30)]
    with pytest.raises(InputError, match=r"30 training documents, as in .*; expected fewer at a smaller size"):
        read_methods(files, KIND)
