import copy

import pytest

from medtune.metrics.contrasts import Contrast
from medtune.metrics.estimate import ENDS
from medtune.reporting.pages import render_page
from medtune.studies.maccrobat.analysis.insights import (
    KEY,
    NOT_SHOWN,
    SURPRISING,
    Expected,
    Judged,
    Records,
    findings,
    judge,
    of_kind,
    recommendations,
)
from medtune.studies.maccrobat.page import PAGES
from medtune.studies.maccrobat.write_insights import insights_content

EXPECTED = Expected("a against b", "a is above b", "a is below b", sign=1, unit="F1 points")


def ends(name, value, low, high):
    return dict(zip((f"{name}{end}" for end in ENDS), (value, low, high), strict=True))


def estimate(value, low, high, n=30):
    return {"value": value, "low": low, "high": high, "n": n, "method": "m"}


def difference(value, low, high):
    return {"value": value, "low": low, "high": high, "finding": ""}


def error_class(name, share, low, high, count=40):
    return {"class": name, "count": count, **ends("share_of_errors", share, low, high)}


def made():
    """Records of a study, with the fields that findings read."""
    run = {"encoder": "bert", "lr": 2e-5, "seed": 1}
    other = {"encoder": "tiny", "lr": 5e-5, "seed": 1, "verdict": "worse"}
    calibration = {"level": "entities", "confidence": "calibrated", "split": "test", "n": 900}
    return {
        "choice": {
            "chosen": run,
            "reason": "Chosen: bert.",
            "test": {
                "micro_f1": estimate(0.58, 0.55, 0.61),
                "macro_f1": estimate(0.41, 0.36, 0.46),
                "recall": estimate(0.6, 0.57, 0.63),
                "all_gold_recall": estimate(0.57, 0.54, 0.6),
            },
            "comparisons": [{**other, **ends("difference", -0.1, -0.12, -0.08)}],
            "seeds": [
                {
                    "encoder": "bert",
                    "lr": 2e-5,
                    "seeds": 3,
                    **ends("mean_micro_f1", 0.575, 0.55, 0.6),
                    "seed_sd": 0.012,
                    "n_documents": 30,
                }
            ],
        },
        "types": {
            "tier_differences": [
                {"average": "micro", "first": "frequent", "second": "rare", **ends("difference", 0.15, 0.1, 0.2)},
                {"average": "macro", "first": "frequent", "second": "rare", **ends("difference", 0.3, 0.2, 0.4)},
            ],
            "frequency_and_f1": {"rho": 0.4, "low": 0.1, "high": 0.6, "n": 38},
            "weakest": [{"type": "Mass", "gold": 12, "below_overall": True, **ends("f1", 0.1, 0.05, 0.2)}],
        },
        "errors": {
            "errors": 400,
            "classes": [
                {"class": "correct", "count": 600, **ends("share_of_errors", None, None, None)},
                error_class("type only", 0.2, 0.17, 0.23),
                error_class("boundary only", 0.3, 0.27, 0.33),
                error_class("both", 0.1, 0.08, 0.12),
            ],
            "pairs": [
                {
                    "gold": "Medication",
                    "predicted": "Disease_disorder",
                    "count": 8,
                    "gold_entities": 100,
                    **ends("share_of_gold", 0.08, 0.04, 0.15),
                }
            ],
            "single_less_multi_f1": difference(0.2, 0.1, 0.3),
            "multi_less_single_boundary_errors": difference(0.1, 0.05, 0.15),
        },
        "confidence": {
            "correct_less_wrong": {"calibrated": difference(0.2, 0.15, 0.25)},
            "calibration": [
                {**calibration, **ends("mean_confidence", 0.7, 0.68, 0.72), **ends("accuracy", 0.6, 0.57, 0.63)}
            ],
            "recommendation": {"calibrated": {"words": "Recommended: a threshold of 0.9."}},
        },
        "speed": {
            "precision": [
                {"device": "cpu", "precision": "fp32", "speed_ratio": 1.0, **ends("f1_less_fp32", None, None, None)},
                {"device": "cpu", "precision": "int8", "speed_ratio": 1.6, **ends("f1_less_fp32", -0.02, -0.03, -0.01)},
            ],
            "hours": "10,000 notes take 2.0 hours.",
        },
        "readiness": {"recommendation": {"confidence": "calibrated"}, "sentences": ["Nothing goes without review."]},
    }


def texts(records):
    return {finding.name: (finding.kind, finding.text) for finding in findings(Records(**records))}


@pytest.mark.parametrize(
    ("difference", "kind", "text"),
    [
        (Contrast(0.15, 0.1, 0.2), KEY, "a is above b: +15.0 F1 points (+10.0 to +20.0)."),
        (
            Contrast(-0.15, -0.2, -0.1),
            SURPRISING,
            "a is below b: -15.0 F1 points (-20.0 to -10.0). The opposite was expected.",
        ),
        (
            Contrast(0.15, -0.01, 0.3),
            NOT_SHOWN,
            "a against b: no difference shown, +15.0 F1 points (-1.0 to +30.0).",
        ),
        (Contrast(0.0, 0.0, 0.0), NOT_SHOWN, "a against b: no difference shown, +0.0 F1 points (+0.0 to +0.0)."),
    ],
)
def test_a_difference_is_called_by_its_interval_and_by_what_was_expected(difference, kind, text):
    found = judge(Judged("x", difference, EXPECTED), 0.01)
    assert (found.kind, found.text) == (kind, text)


def test_what_the_correction_undoes_is_not_shown():
    found = judge(Judged("x", Contrast(0.15, 0.1, 0.2), EXPECTED), 0.06)
    assert found.kind == NOT_SHOWN
    assert found.text.endswith("(+10.0 to +20.0), which the correction for all comparisons undoes.")


def test_differences_are_corrected_together():
    """One that just excludes 0 is shown alone, and not among the many of the page."""
    alone = changed((*TIER, "difference_low"), 0.001)
    assert texts(alone)["frequent against rare types"][0] == KEY
    alone["errors"]["single_less_multi_f1"] = difference(0.2, 0.001, 0.4)
    for name in ("frequent against rare types", "single against several words"):
        kind, text = texts(alone)[name]
        assert kind == NOT_SHOWN and "which the correction for all comparisons undoes" in text
    records = Records(**alone)
    assert not any(text.startswith("Annotate more") for text in recommendations(records, findings(records)))


def test_without_anything_to_compare_there_is_no_finding():
    records = changed(("errors", "single_less_multi_f1"), difference(None, None, None))
    assert "single against several words" in texts(made())
    assert "single against several words" not in texts(records)


def test_without_an_expectation_no_direction_is_a_surprise():
    for value in (0.2, -0.2):
        expected = Expected("s", "above", "below")
        assert judge(Judged("x", Contrast(value, value - 0.1, value + 0.1), expected), 0.001).kind == KEY


def test_findings_hold_the_measured_figures():
    found = texts(made())
    assert found["micro-F1"][1].startswith(
        "bert at 2e-05, seed 1 has a strict micro-F1 of 58.0 % (55.0–61.0, n = 30 items)"
    )
    assert found["recall of all gold"][1] == (
        "It finds 60.0 % (57.0–63.0, n = 30 items) of the entities that flat tags can hold, and 57.0 % (54.0–60.0, "
        "n = 30 items) of all gold entities."
    )
    assert (
        "Medication taken for Disease_disorder, 8 of 100 entities, 8.0 % (4.0–15.0)"
        in (found["most frequent confusion"][1])
    )
    assert "standard deviation of 1.2 points between seeds" in found["seeds of bert at 2e-05"][1]
    assert "“boundary only”: 30.0 % (27.0–33.0)" in found["most frequent class of errors"][1]
    assert found["int8 on cpu"] == (
        KEY,
        "int8 on cpu has a lower F1 than fp32, at 1.60 times the words per second of fp32: -2.0 F1 points "
        "(-3.0 to -1.0).",
    )
    assert "fp32 on cpu" not in found


def changed(path, value):
    records = made()
    inner = records
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return records


TIER = ("types", "tier_differences", 0)
CALIBRATION = ("confidence", "calibration", 0)


@pytest.mark.parametrize(
    ("name", "path", "value", "kind"),
    [
        ("frequent against rare types", (*TIER, "difference_low"), -0.01, NOT_SHOWN),
        ("frequency and F1", ("types", "frequency_and_f1", "low"), -0.1, NOT_SHOWN),
        ("single against several words", ("errors", "single_less_multi_f1"), difference(-0.2, -0.3, -0.1), SURPRISING),
        ("boundary errors by length", ("errors", "multi_less_single_boundary_errors", "low"), -0.1, NOT_SHOWN),
        (
            "confidence of right and wrong predictions",
            ("confidence", "correct_less_wrong", "calibrated"),
            difference(-0.1, -0.2, -0.05),
            SURPRISING,
        ),
        ("calibrated confidence against accuracy", (*CALIBRATION, "accuracy_high"), 0.75, NOT_SHOWN),
        ("tiny at 5e-05, seed 1 against the chosen run", ("choice", "comparisons", 0, "verdict"), "tie", NOT_SHOWN),
        ("int8 on cpu", ("speed", "precision", 1, "f1_less_fp32_high"), 0.01, NOT_SHOWN),
    ],
)
def test_when_figures_change_the_sentences_change(name, path, value, kind):
    before, after = texts(made())[name], texts(changed(path, value))[name]
    assert before[0] == KEY
    assert after[0] == kind
    assert before[1] != after[1]


def test_every_sentence_depends_on_the_figures():
    """With all figures moved, no finding keeps its text."""
    records = copy.deepcopy(made())

    def move(value):
        if isinstance(value, dict):
            return {key: move(item) for key, item in value.items()}
        if isinstance(value, list):
            return [move(item) for item in value]
        if isinstance(value, bool) or not isinstance(value, int | float):
            return value
        return value + 7 if isinstance(value, int) else value * 0.93

    before, after = texts(records), texts(move(records))
    assert {text for _, text in before.values()}.isdisjoint(text for _, text in after.values())


@pytest.mark.parametrize(("kind", "expected"), [("raw", SURPRISING), ("calibrated", KEY)])
def test_a_raw_confidence_that_is_too_low_is_a_surprise_a_calibrated_one_is_not(kind, expected):
    row = {"level": "entities", "confidence": kind, "split": "test", "n": 900}
    figures = {**ends("mean_confidence", 0.5, 0.48, 0.52), **ends("accuracy", 0.6, 0.57, 0.63)}
    found = texts(changed(CALIBRATION, {**row, **figures}))
    assert found[f"{kind} confidence against accuracy"][0] == expected


def test_a_run_that_is_better_on_test_than_the_chosen_one_is_a_surprise():
    records = changed(
        ("choice", "comparisons", 0),
        {"encoder": "tiny", "lr": 5e-5, "seed": 1, "verdict": "better", **ends("difference", 0.05, 0.02, 0.08)},
    )
    kind, text = texts(records)["tiny at 5e-05, seed 1 against the chosen run"]
    assert kind == SURPRISING
    assert text == (
        "tiny at 5e-05, seed 1 is better on test than bert at 2e-05, seed 1, which was chosen without it: +5.0 F1 "
        "points (+2.0 to +8.0)."
    )


@pytest.mark.parametrize(("high", "end"), [(-0.01, ", which the correction for all comparisons undoes."), (0.01, ").")])
def test_a_tie_whose_interval_excludes_zero_says_why_it_is_one(high, end):
    row = {"encoder": "tiny", "lr": 5e-5, "seed": 1, "verdict": "tie", **ends("difference", -0.02, -0.04, high)}
    kind, text = texts(changed(("choice", "comparisons", 0), row))["tiny at 5e-05, seed 1 against the chosen run"]
    assert kind == NOT_SHOWN
    assert text.endswith(end)


def test_recommendations_follow_the_figures():
    records = Records(**made())
    advice = recommendations(records, findings(records))
    assert advice[:3] == ["Chosen: bert.", "Nothing goes without review.", "10,000 notes take 2.0 hours."]
    assert (
        "Annotate more of the rare types: they are behind the frequent ones by 15.0 F1 points (10.0 to 20.0)." in advice
    )
    assert any(text.startswith("Work on boundaries before types") for text in advice)
    records = Records(**changed((*TIER, "difference_low"), -0.01))
    assert not any(text.startswith("Annotate more") for text in recommendations(records, findings(records)))


def test_only_readiness_recommends_a_threshold_and_only_one_run_is_named():
    """The confidence analysis knows another threshold, which the advice must not name beside it."""
    records = Records(**made())
    advice = " ".join(recommendations(records, findings(records)))
    assert "0.9" in records.confidence["recommendation"]["calibrated"]["words"] and "0.9" not in advice
    assert "tiny" not in advice


def test_the_document_has_a_section_for_each_kind_and_says_where_one_is_empty():
    found = findings(Records(**made()))
    assert of_kind(found, SURPRISING) == []
    page = render_page(PAGES / "insights.md.j2", insights_content(found, ["Do this."]), "folder")
    sections = dict(part.split("\n\n", 1) for part in page.split("\n## ")[1:])
    assert list(sections) == ["Key findings", "Surprising results", "No difference shown", "Recommendations"]
    assert sections["Surprising results"] == "Nothing that is shown runs against what was expected.\n"
    assert sections["Recommendations"] == "- Do this.\n"
