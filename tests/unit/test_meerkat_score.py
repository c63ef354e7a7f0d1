import json
from dataclasses import dataclass

import numpy as np
import pytest
from pydantic import ValidationError

from medtune.errors import InputError
from medtune.files import write_json
from medtune.metrics.counts import without_each
from medtune.metrics.text import meteor as meteor_module
from medtune.metrics.text.metric_scores import mean_of
from medtune.metrics.text.names import BERTSCORE, BLEU
from medtune.metrics.text.registry import TextMetricSettings, score_texts, statistic_of
from medtune.reporting.tables import read_csv, write_csv
from medtune.studies.meerkat.score import score
from medtune.studies.meerkat.section import MeerkatMetrics
from medtune.studies.meerkat.tables import ITEM_COLUMNS
from tests.unit.text_cases import PREDICTIONS, REFERENCES


def lengths(predictions, references):
    return [len(prediction) for prediction in predictions]


def raising(predictions, references):
    raise KeyError("no such thing")


def not_a_number(predictions, references):
    return [float("nan")] * len(predictions)


METRICS = {
    "stemmer": False,
    "wordnet": None,
    "terms": None,
    "bertscore": None,
    "custom": {"length": f"{__name__}:lengths"},
}


def example(identifier, specialty, answer):
    return {
        "id": identifier,
        "specialty": specialty,
        "question": f"What of {identifier}?",
        "answer": answer,
        "extra": "",
    }


def answer(identifier, split, text, finish="eos", tokens=5):
    value = text.strip() or None
    return {
        "id": identifier,
        "split": split,
        "raw": text,
        "value": value,
        "status": "ok" if value else "empty",
        "prompt_tokens": 9,
        "output_tokens": tokens,
        "finish": finish,
        "confidence": 0.5,
    }


EXAMPLES = {
    "evaluation": [
        example("a", "cardiology", "Aspirin 100 mg eases the pain."),
        example("b", "neurology", "Migraine is treated with triptans."),
        example("c", "cardiology", "Rest is best."),
    ],
    "holdout": [example("a", "neurology", "Gout is arthritis by crystals."), example("e", "surgery", "Cut it out.")],
}
ANSWERS = [
    answer("a", "evaluation", "Aspirin 100 mg eases the pain."),
    answer("b", "evaluation", "  ", tokens=0),
    answer("c", "evaluation", "Rest is fine.", finish="length", tokens=10),
    answer("a", "holdout", "Gout is arthritis."),
    answer("e", "holdout", "", tokens=0),
]


@pytest.fixture(autouse=True)
def without_wordnet(monkeypatch):
    monkeypatch.setattr(meteor_module, "find_wordnet", lambda folder: None)


@pytest.fixture
def scores():
    return score(EXAMPLES, ANSWERS, 3, metrics=METRICS)


def test_figures_stand_by_split_and_specialty_and_are_those_of_the_texts(scores):
    content = scores.metrics
    assert list(content["splits"]) == ["evaluation", "holdout"]
    evaluation = content["splits"]["evaluation"]
    assert (evaluation["n"], evaluation["overall"]["ROUGE-L"]["n"]) == (3, 3)
    assert {name: part["n"] for name, part in evaluation["specialties"].items()} == {"cardiology": 2, "neurology": 1}
    own = TextMetricSettings(custom=METRICS["custom"])
    alone = score_texts(
        ["Aspirin 100 mg eases the pain.", "Rest is fine."], ["Aspirin 100 mg eases the pain.", "Rest is best."], own
    )
    assert evaluation["specialties"]["cardiology"]["metrics"] == {
        name: figure.as_dict() for name, figure in alone.figures().items()
    }
    assert list(content["splits"]["holdout"]["specialties"]) == ["neurology", "surgery"]


def test_metrics_are_named_in_one_order_everywhere_with_a_definition_each(scores):
    names = scores.metrics["metrics"]
    assert names[0] == "BLEU-1"
    assert names[-1] == "length"
    assert list(scores.metrics["definitions"]) == names
    assert scores.columns == (*ITEM_COLUMNS, *names)
    for split, content in scores.metrics["splits"].items():
        assert list(content["overall"]) == list(scores.files["counts"][split]) == names
        assert all(list(part["metrics"]) == names for part in content["specialties"].values())


def test_an_answer_that_is_empty_counts_as_an_empty_text(scores):
    neurology = scores.metrics["splits"]["evaluation"]["specialties"]["neurology"]["metrics"]
    # Its reference names no amount, so there is none to match.
    without = neurology.pop("dosage_match")
    assert (without["value"], without["n"]) == (None, 0)
    assert {name: figure["value"] for name, figure in neurology.items()} == dict.fromkeys(neurology, 0)
    assert all(figure["n"] == 1 for figure in neurology.values())
    assert next(item for item in scores.items if item["id"] == "b")["ROUGE-L"] == 0


def test_rates_of_answers_and_of_cut_ones_and_their_length(scores):
    evaluation = scores.metrics["splits"]["evaluation"]
    assert evaluation["answer_rate"]["value"] == pytest.approx(2 / 3)
    assert evaluation["cut_rate"]["value"] == pytest.approx(1 / 3)
    assert evaluation["mean_answer_tokens"]["value"] == 5


def test_items_are_a_table_in_the_order_of_the_data(tmp_path, scores):
    assert [(item["split"], item["id"]) for item in scores.items] == [
        ("evaluation", "a"),
        ("evaluation", "b"),
        ("evaluation", "c"),
        ("holdout", "a"),
        ("holdout", "e"),
    ]
    assert [item["specialty"] for item in scores.items][:3] == ["cardiology", "neurology", "cardiology"]
    write_csv(tmp_path / "items.csv", scores.items, scores.columns)
    first, *_, last = read_csv(tmp_path / "items.csv", scores.columns)
    assert (first["exact_match"], first["finish"], first["length"]) == ("1", "eos", "30")
    assert (last["status"], last["medical_term_f1"]) == ("empty", "")  # no term in "Cut it out."


def test_counts_give_the_figures_again(tmp_path, scores):
    write_json(tmp_path / "counts.json", scores.files["counts"])
    counts = json.loads((tmp_path / "counts.json").read_text())
    rows = [n for n, item in enumerate(scores.items) if item["split"] == "evaluation"]
    for name, by_item in counts["evaluation"].items():
        assert len(by_item) == len(rows)
        value = statistic_of(name)(np.sum(by_item, axis=0, keepdims=True))[0]
        assert value == pytest.approx(scores.metrics["splits"]["evaluation"]["overall"][name]["value"]), name


def test_the_order_of_predictions_changes_nothing(scores):
    assert score(EXAMPLES, ANSWERS[::-1], 3, metrics=METRICS) == scores


def test_a_split_without_items_has_figures_without_value():
    found = score({**EXAMPLES, "more": []}, ANSWERS, 0, metrics=METRICS)
    more = found.metrics["splits"]["more"]
    assert (more["n"], more["specialties"]) == (0, {})
    assert {figure["value"] for figure in more["overall"].values()} == {None}
    assert found.files["counts"]["more"]["BLEU-4"] == []


def test_the_settings_reach_the_metrics(tmp_path):
    terms = tmp_path / "terms.txt"
    terms.write_text("rest\n")
    settings = {**METRICS, "stemmer": True, "terms": str(terms), "custom": {}}
    found = score(EXAMPLES, ANSWERS, 0, metrics=settings, terms=terms, custom_files=[])
    assert "terms.txt" in found.metrics["definitions"]["medical_term_f1"]
    assert ": stems" in found.metrics["definitions"]["ROUGE-L"]
    assert "length" not in found.metrics["metrics"]


@dataclass
class Encoder:
    """Stands in for BERTScore; keeps what it was called with."""

    calls: list

    def __call__(self, predictions, references, settings):
        self.calls.append((predictions, settings))
        return {name: mean_of([0.5] * len(predictions), settings.name) for name in BERTSCORE}


@pytest.mark.parametrize(
    ("record", "name"), [({"name": "own"}, "own"), ({"name": "own", "repository": "maker/encoder"}, "maker/encoder")]
)
def test_bertscore_loads_its_encoder_once_and_goes_by_the_name_of_its_repository(tmp_path, monkeypatch, record, name):
    encoder = Encoder([])
    monkeypatch.setattr("medtune.metrics.text.registry.bertscore", encoder)
    write_json(tmp_path / "record.json", record)
    settings = {**METRICS, "bertscore": {"model": "own", "layer": 6, "rescale": False, "baseline": None}}
    found = score(EXAMPLES, ANSWERS, 0, metrics=settings, encoder=str(tmp_path))
    ((predictions, given),) = encoder.calls
    assert len(predictions) == len(ANSWERS)
    assert (given.folder, given.name, given.layer, given.rescale) == (str(tmp_path), name, 6, False)
    assert found.metrics["splits"]["holdout"]["overall"]["bertscore_f1"]["value"] == 0.5


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"custom": {"split": f"{__name__}:lengths"}}, 'custom metric "split": this is the name of a column'),
        ({"custom": {"bad": f"{__name__}:raising"}}, 'custom metric "bad": .* raised KeyError'),
        ({"custom": {"bad": f"{__name__}:not_a_number"}}, 'custom metric "bad": .* gave nan for item 0'),
    ],
)
def test_metrics_that_cannot_be_are_refused_with_one_sentence(changes, message):
    with pytest.raises(InputError, match=message) as fault:
        score(EXAMPLES, ANSWERS, 0, metrics={**METRICS, **changes})
    assert "\n" not in str(fault.value)


@pytest.mark.parametrize(
    ("predictions", "message"),
    [(ANSWERS[1:], 'no answer to id "a" of split evaluation'), ([*ANSWERS, ANSWERS[0]], 'two answers to id "a"')],
)
def test_predictions_that_do_not_fit_the_data_are_refused(predictions, message):
    with pytest.raises(InputError, match=message):
        score(EXAMPLES, predictions, 0, metrics=METRICS)


def test_the_statistic_of_a_name_is_that_of_the_metric():
    found = score_texts(PREDICTIONS, REFERENCES, TextMetricSettings(custom=METRICS["custom"]))
    for name, metric in found.metrics.items():
        scored = ~np.isnan(metric.items)
        one, other = (without_each(s, metric.counts[scored]) for s in (metric.statistic, statistic_of(name)))
        assert one.tolist() == other.tolist(), name
    assert len({statistic_of(name)(np.array([[9, 9, 6, 3, 2, 1, 9, 8, 7, 6.0]]))[0] for name in BLEU}) == len(BLEU)


@pytest.mark.parametrize("name", ["specialty", "finish", "output_tokens", "generated_answer", "token_f1", "ROUGE-L"])
def test_no_metric_of_the_users_own_has_the_name_of_a_column(name):
    with pytest.raises(ValidationError, match=f'a metric cannot have the name "{name}", which the tables have already'):
        MeerkatMetrics(custom={name: "my_metrics:score"})
