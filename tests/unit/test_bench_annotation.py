"""The parts of the annotation benchmark that measure nothing."""

from pathlib import Path

import pytest

from benchmarks.bench_annotation import (
    different_sentences,
    entity_of,
    growth_cases,
    growth_table,
    speed_table,
)
from medtune.errors import InputError


def rows_of(table):
    """Cells of a Markdown table, without its two heading lines."""
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


def test_an_adapters_entity_type_is_the_folder_that_it_is_in():
    assert entity_of(Path("results/tiny/radgraph/OBS-DA/NER_adapter")) == "OBS-DA"
    with pytest.raises(InputError, match='is in a folder "yesno"; expected one of ANAT-DP'):
        entity_of(Path("results/yesno/adapter"))


def test_sentences_that_repeat_are_taken_once():
    texts = {"r1": "No effusion . Heart is normal .", "r2": "No effusion . Lungs are clear ."}
    assert different_sentences(texts, 3) == ["No effusion .", "Heart is normal .", "Lungs are clear ."]
    with pytest.raises(InputError, match="have 3 different sentences"):
        different_sentences(texts, 4)


def test_speeds_are_of_the_median_round_and_identity_is_by_token():
    result = {"entity": "OBS-U", "single": [[1, 2], [3]], "batched": [[1, 2], [4]]}
    seconds = {"single_seconds": [8.0, 100.0, 7.0], "batched_seconds": [0.1, 2.0, 9.0]}
    assert rows_of(speed_table([{**result, **seconds}])) == [["OBS-U", "2", "3", "0.25", "1", "4", "1/2"]]


def test_growth_is_measured_by_reports_and_by_adapters_and_no_case_twice():
    assert growth_cases(["OBS-DA", "OBS-U"], [50, 100], 100) == [
        (50, ("OBS-DA",)),
        (100, ("OBS-DA",)),
        (100, ("OBS-DA", "OBS-U")),
    ]


def test_growth_is_shown_per_report_and_per_answer():
    result = {"adapters": ("OBS-DA", "OBS-U"), "reports": 4, "sentences": 30, "answers": 50}
    assert rows_of(growth_table([{**result, "seconds": [2.0, 9.0, 1.0]}])) == [
        ["OBS-DA + OBS-U", "4", "30", "50", "2", "500", "40"]
    ]
