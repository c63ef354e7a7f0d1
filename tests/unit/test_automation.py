"""Which answers of a study of the user's own may go without review: rows, words, and which kinds have the table."""

from types import SimpleNamespace

import pytest

from medtune.kinds.automation import AUTOMATION_COLUMNS, automation_rows, automation_text
from medtune.kinds.labels import figures as labels
from medtune.kinds.shown import Automation
from medtune.kinds.spans import figures as spans
from medtune.studies import part_of
from medtune.studies.own_jobs import OwnJobs

KIND = Automation("sure", "right", "notes")


def item(split, number, sure, right, group=""):
    return {"id": f"{split}{number}", "split": split, "group": group, "sure": str(sure), "right": str(right)}


def split_of(name, wrong, n=100):
    """n answers, of which the least sure ones are wrong."""
    return [item(name, place, (place + 1) / n, place >= wrong) for place in range(n)]


def row_of(rows, allowed, rule):
    (row,) = [row for row in rows if (row["allowed"], row["rule"]) == (allowed, rule)]
    return row


def test_thresholds_come_from_validation_and_figures_from_the_test_split():
    rows = automation_rows("r16", [*split_of("validation", 20), *split_of("test", 40, 200)], KIND)
    assert all(tuple(row) == AUTOMATION_COLUMNS for row in rows) and len(rows) == 8
    plain = row_of(rows, 0.2, "plain")  # 20 of 100 wrong are allowed: all are accepted, and 40 of 200 are wrong
    assert (plain["threshold"], plain["validation_accepted"], plain["validation_wrong"]) == (0, 100, 20)
    assert (plain["automation_rate"], plain["error"], plain["answer_error"]) == (1, 0.2, 0.2)
    sure = row_of(rows, 0.2, "certified")  # 90 with 10 wrong: P(Bin(90, 0.2) <= 10) is 0.019; 80 without is far below
    assert (sure["threshold"], sure["validation_accepted"]) == (0.2, 80)
    assert (sure["test_accepted"], sure["test_wrong"], sure["automation_rate"]) == (160, 0, 0.8)
    assert sure["automation_rate_low"] < 0.8 < sure["automation_rate_high"]
    assert sure["error"] == 0 and sure["error_high"] > 0
    assert sure["certify_p_value"] == pytest.approx(0.8**80)


def test_what_cannot_be_certified_says_how_many_it_would_take():
    items = [*split_of("validation", 0, 40), *split_of("test", 0, 40)]
    row = row_of(automation_rows("r16", items, KIND), 0.05, "certified")
    assert (row["threshold"], row["automation_rate"], row["error"], row["needed_units"]) == (None, 0, None, 59)
    assert automation_text(row) == (
        "cannot be certified with 40 validation notes: at least 59 must be accepted, all of them right"
    )
    assert automation_text(row_of(automation_rows("r16", items, KIND), 0.05, "plain")) is None
    wrong = automation_rows("r16", [*split_of("validation", 100), *split_of("test", 0)], KIND)
    assert automation_text(row_of(wrong, 0.1, "certified")) == (
        "not certified: too many of the 100 validation notes are wrong"
    )
    assert automation_text(row_of(wrong, 0.1, "plain")) == "on validation more are wrong at every threshold"


def test_groups_are_units_and_answers_are_counted_beside_them():
    items = [item(split, n, 0.9, n != 0, f"p{n // 4}") for split in ("validation", "test") for n in range(80)]
    row = row_of(automation_rows("r16", items, KIND), 0.2, "certified")
    assert row["threshold"] is None  # P(Bin(20, 0.2) <= 1) is 0.069; single notes would have been enough
    row = row_of(automation_rows("r16", items, KIND), 0.2, "plain")
    assert (row["unit"], row["validation_units"], row["validation_wrong"]) == ("groups", 20, 1)
    assert (row["error"], row["answer_error"]) == (1 / 20, 1 / 80)


def test_an_answer_without_confidence_is_never_accepted_and_without_any_there_is_no_row():
    silent = [item("validation", n, "", True) for n in range(100)]
    assert automation_rows("rules", [*silent, *split_of("test", 0)], KIND) == []
    mixed = [*silent[:50], *split_of("validation", 0, 50), *split_of("test", 0, 50), item("test", 99, "", False)]
    row = row_of(automation_rows("rules", mixed, KIND), 0.1, "certified")
    assert (row["validation_accepted"], row["test_accepted"], row["test_wrong"]) == (50, 50, 0)
    assert row["automation_rate"] == 50 / 51


def test_the_columns_are_those_of_items():
    for kind in (labels, spans):
        assert {kind.AUTOMATION.confidence, kind.AUTOMATION.right} <= set(kind.ITEM_COLUMNS)


@pytest.mark.parametrize("kind", ["labels", "spans", "relations", "answers"])
def test_the_rules_ask_for_the_table_of_the_kinds_that_have_it(kind):
    tables = OwnJobs.run_tables.fget(SimpleNamespace(section=SimpleNamespace(kind=kind)))
    assert ("automation" in tables) == hasattr(part_of(f"own_{kind}", "figures"), "AUTOMATION")


def test_the_choice_among_several_models_takes_more_units():
    items = [*split_of("validation", 0, 60), *split_of("test", 0)]
    rows = [row_of(automation_rows("r16", items, KIND, among), 0.05, "certified") for among in (1, 4)]
    # 0.95^59 <= 0.05, and 0.95^86 <= 0.05 / 4.
    assert [(row["threshold"], row["needed_units"]) for row in rows] == [(0, 59), (None, 86)]
