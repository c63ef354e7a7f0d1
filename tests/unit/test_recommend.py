import copy

import pytest

from medtune.errors import InputError
from medtune.files import write_json
from medtune.reporting.tables import write_csv
from medtune.studies.meerkat.recommend import recommend
from medtune.studies.meerkat.recommendations import read_recommendations

SETTINGS = {"increase": 0.3, "margin": 0.0, "confidence": 0.95}
FINE = [0.7, 0.8, 0.9, 0.8, 0.7, 0.9, 0.8, 0.8]
POOR = [0.2, 0.3, 0.4, 0.3, 0.2, 0.4, 0.3, 0.3]
SCORES = {"allergy": FINE, "cardiology": FINE, "dermatology": FINE, "neurology": POOR, "surgery": FINE}


def specialty_stats(share=0.5, pool=20, evaluation=8):
    return {
        "holdout": 10,
        "train": 20,
        "eval": evaluation,
        "pool": pool,
        "train_percentage": share,
        "reason": "first share",
    }


def overall(value):
    return {"value": value, "low": value, "high": value, "n": 40, "method": "by hand"}


class Case:
    """The files of one iteration, to be changed before they are written."""

    def __init__(self, folder):
        self.folder = folder
        self.items = [
            {"id": f"{name}{n}", "split": "evaluation", "specialty": name, "ROUGE-L": value}
            for name, values in SCORES.items()
            for n, value in enumerate(values)
        ]
        self.items += [{**item, "split": "holdout", "ROUGE-L": 0.5} for item in self.items]
        self.stats = {
            "iteration": 1,
            "holdout_samples_per_specialty": 10,
            "initial_train_percentage": 0.5,
            "eval_split_size": 0.2,
            "total": {},
            "specialties": {name: specialty_stats() for name in SCORES},
            "left_out": [],
        }
        self.metrics = self._metrics({"ROUGE-L": 0.7, "bertscore_f1": 0.5, "medical_term_f1": None}, 0.9)
        self.base_metrics = self._metrics({"ROUGE-L": 0.655, "bertscore_f1": 0.6, "medical_term_f1": None}, 0.1)

    @staticmethod
    def _metrics(evaluation, holdout):
        splits = {"evaluation": evaluation, "holdout": dict.fromkeys(evaluation, holdout)}
        return {
            "metrics": list(evaluation),
            "splits": {
                split: {"overall": {name: overall(value) for name, value in values.items()}}
                for split, values in splits.items()
            },
        }

    def recommended(self, steering="ROUGE-L", **changes):
        files = {name: self.folder / f"{name}.json" for name in ("metrics", "base_metrics", "stats", "output")}
        for name in ("metrics", "base_metrics", "stats"):
            write_json(files[name], getattr(self, name))
        files["items"] = self.folder / "items.csv"
        write_csv(files["items"], self.items, list(self.items[0]))
        recommend(**files, settings={**SETTINGS, **changes}, steering=steering)
        return read_recommendations(files["output"])


@pytest.fixture
def case(tmp_path):
    return Case(tmp_path)


def test_a_specialty_that_is_low_beyond_doubt_gets_a_larger_share(case):
    found = case.recommended()
    assert found.low_performance_specialties == ["neurology"]
    assert found.recommended_sample_increases == {"neurology": 0.8}
    neurology = found.specialties["neurology"]
    assert (neurology.n, neurology.value, neurology.share, neurology.recommended_share) == (8, 0.3, 0.5, 0.8)
    assert neurology.value < neurology.shrunk < found.basis.overall_mean
    assert neurology.low < neurology.shrunk < neurology.high < found.basis.overall_mean


def test_every_specialty_has_a_reason_with_its_figures_in_one_sentence(case):
    found = case.recommended()
    assert list(found.specialties) == list(SCORES)
    for name, judgement in found.specialties.items():
        low = name in found.low_performance_specialties
        assert judgement.reason == (
            f"{'low' if low else 'not low'}: ROUGE-L {judgement.value:.3f} on 8 evaluation records, shrunk to "
            f"{judgement.shrunk:.3f} with a 95 % interval of {judgement.low:.3f} to {judgement.high:.3f}, which "
            f"{'ends' if low else 'does not end'} below the mean of all specialties, {found.basis.overall_mean:.3f}"
        )


def test_equal_specialties_are_not_low(case):
    for item in case.items:
        item["ROUGE-L"] = FINE[int(item["id"][-1])]
    found = case.recommended()
    assert found.low_performance_specialties == []
    assert found.recommended_sample_increases == {}
    assert len(found.specialties) == 5


def test_the_lowest_comes_first(case):
    for item in case.items:
        if item["specialty"] == "allergy":
            item["ROUGE-L"] = POOR[int(item["id"][-1])] - 0.15
    assert case.recommended().low_performance_specialties == ["allergy", "neurology"]


def test_the_margin_asks_for_a_larger_distance(case):
    assert case.recommended(margin=0.1).low_performance_specialties == ["neurology"]
    found = case.recommended(margin=0.4)
    assert found.low_performance_specialties == []
    assert "the mean of all specialties, 0.700, minus the margin of 0.4" in found.specialties["neurology"].reason


def test_more_confidence_asks_for_more(case):
    for item in case.items:
        if item["specialty"] == "neurology":
            item["ROUGE-L"] = FINE[int(item["id"][-1])] - 0.11
    assert case.recommended(confidence=0.5).low_performance_specialties == ["neurology"]
    found = case.recommended(confidence=0.999)
    assert found.low_performance_specialties == []
    assert "99.9 % interval" in found.specialties["neurology"].reason


@pytest.mark.parametrize(("share", "increase", "expected"), [(0.8, 0.3, 1), (0.7, 0.1, 0.8), (1 / 3, 0.3, 0.6333)])
def test_a_share_grows_by_the_increase_up_to_all_records(case, share, increase, expected):
    case.stats["specialties"]["neurology"] = specialty_stats(share)
    assert case.recommended(increase=increase).recommended_sample_increases == {"neurology": expected}


@pytest.mark.parametrize(("share", "pool"), [(1, 0), (0.9, 0)])
def test_a_low_specialty_with_an_empty_pool_is_named_and_gets_no_more(case, share, pool):
    case.stats["specialties"]["neurology"] = specialty_stats(share, pool)
    found = case.recommended()
    assert found.low_performance_specialties == ["neurology"]
    assert found.recommended_sample_increases == {}
    assert found.specialties["neurology"].recommended_share == share
    assert found.specialties["neurology"].reason.startswith("low: ROUGE-L 0.300")
    assert found.specialties["neurology"].reason.endswith("but no record is left in its pool")


def test_a_specialty_without_an_evaluation_split_is_not_judged(case):
    expected = case.recommended()
    case.stats["specialties"]["urology"] = specialty_stats(evaluation=0)
    case.items.append({"id": "u", "split": "holdout", "specialty": "urology", "ROUGE-L": 0.0})
    found = case.recommended()
    assert found.low_performance_specialties == expected.low_performance_specialties
    urology = found.specialties["urology"]
    assert (urology.n, urology.value, urology.shrunk, urology.high) == (0, None, None, None)
    assert urology.reason == "not judged: too small for an evaluation split"


def test_items_that_the_metric_does_not_score_do_not_count(case):
    for item in case.items:
        if item["specialty"] == "surgery" or (item["specialty"] == "neurology" and item["id"][-1] in "67"):
            item["ROUGE-L"] = None
    found = case.recommended()
    assert found.specialties["neurology"].n == 6
    assert found.specialties["surgery"].reason == "not judged: ROUGE-L is not defined for any of 8 evaluation records"


def test_single_records_are_not_judged(case):
    case.items = [item for item in case.items if item["id"].endswith("0")]
    found = case.recommended()
    assert found.low_performance_specialties == []
    assert found.specialties["neurology"].value == 0.2
    assert found.specialties["neurology"].reason.startswith("not judged: 1 evaluation record, and no specialty has two")


def test_without_any_item_nothing_is_judged(case):
    case.items = [item for item in case.items if item["split"] == "holdout"]
    found = case.recommended()
    assert found.basis.overall_mean is None
    assert {judgement.n for judgement in found.specialties.values()} == {0}


def test_the_gain_over_the_base_stands_for_every_metric_that_has_a_figure(case):
    assert case.recommended().overall_improvement == {"ROUGE-L": 0.045, "bertscore_f1": -0.1}


def test_the_holdout_never_steers(case):
    expected = case.recommended()
    changed = copy.deepcopy(case)
    for item in changed.items:
        if item["split"] == "holdout":
            item["ROUGE-L"] = 0.0 if item["specialty"] == "allergy" else 1.0
    for content in (changed.metrics, changed.base_metrics):
        content["splits"]["holdout"]["overall"]["ROUGE-L"] = overall(0.01)
    assert changed.recommended() == expected
    changed.items = [item for item in changed.items if item["split"] == "evaluation"]
    for content in (changed.metrics, changed.base_metrics):
        del content["splits"]["holdout"]
    assert changed.recommended() == expected


def test_the_file_says_what_it_was_judged_by(case):
    basis = case.recommended(margin=0.02).basis
    assert (basis.iteration, basis.metric, basis.overall_mean) == (1, "ROUGE-L", pytest.approx(0.7))
    assert (basis.increase, basis.margin, basis.confidence) == (0.3, 0.02, 0.95)
    assert "empirical Bayes" in basis.method


def test_another_steering_metric_judges_by_its_own_scores(case):
    for item in case.items:
        item["quality"] = POOR[1] if item["specialty"] == "allergy" else FINE[int(item["id"][-1])]
    for metrics in (case.metrics, case.base_metrics):
        metrics["metrics"].append("quality")
        metrics["splits"]["evaluation"]["overall"]["quality"] = overall(0.5)
    found = case.recommended(steering="quality")
    assert found.low_performance_specialties == ["allergy"]
    assert found.basis.metric == found.specialties["allergy"].metric == "quality"


def test_files_that_do_not_belong_together_are_refused(case):
    with pytest.raises(InputError, match=r'steering = "METEOR": no such metric, whose name depends on .* WordNet'):
        case.recommended(steering="METEOR")
    case.base_metrics["metrics"].append("METEOR")
    with pytest.raises(InputError, match=r"not scored by the same metrics \(METEOR\)"):
        case.recommended()
    del case.stats["specialties"]["allergy"]
    with pytest.raises(InputError, match=r'specialty "allergy" is not in dataset_stats\.json'):
        case.recommended()
