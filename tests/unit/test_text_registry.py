import json

import pytest

from medtune.errors import InputError
from medtune.metrics.text import meteor as meteor_module
from medtune.metrics.text.names import BUILT_IN
from medtune.metrics.text.registry import WHERE_THERE, TextMetricSettings, score_texts
from tests.unit.text_cases import PREDICTIONS, REFERENCES


def lengths(predictions, references):
    return [len(prediction) for prediction in predictions]


OWN = {"length": f"{__name__}:lengths"}


@pytest.fixture(autouse=True)
def without_wordnet(monkeypatch):
    monkeypatch.setattr(meteor_module, "find_wordnet", lambda folder: None)


@pytest.fixture
def scores():
    return score_texts(PREDICTIONS, REFERENCES, TextMetricSettings(custom=OWN))


def test_every_metric_has_a_column_a_figure_and_a_definition(scores):
    names = list(scores.metrics)
    assert names[-1] == "length"
    assert set(names[:-1]) == set(BUILT_IN) - {"METEOR"} - {name for name in BUILT_IN if name.startswith("bertscore")}
    assert list(scores.columns()) == list(scores.figures()) == list(scores.definitions()) == names
    assert all(len(column) == len(PREDICTIONS) for column in scores.columns().values())
    assert all(scores.definitions().values())


def test_figures_have_n_and_an_interval_around_the_value(scores):
    for name, figure in scores.figures().items():
        assert figure.low <= figure.value <= figure.high, name
        assert figure.n == len(PREDICTIONS) or name in ("medical_term_f1", *WHERE_THERE)


def test_metrics_of_what_no_reference_has_are_left_out():
    assert not set(score_texts(["word"], ["one two three four five six"]).metrics) & set(WHERE_THERE)
    assert set(score_texts(["word"], ["aspirin 5 mg"]).metrics) >= set(WHERE_THERE)


def test_columns_are_plain_values_and_none_where_a_metric_is_not_defined(scores):
    columns = scores.columns()
    assert columns["medical_term_f1"][0] is None
    json.dumps(columns, allow_nan=False)


def test_the_figures_of_a_part_are_those_of_the_part_alone(scores):
    rows = [1, 4, 5, 7]
    alone = score_texts([PREDICTIONS[n] for n in rows], [REFERENCES[n] for n in rows], TextMetricSettings(custom=OWN))
    assert scores.figures(rows) == alone.figures()


def test_equal_texts_are_perfect_but_for_meteors_penalty():
    texts = ["Aspirin 5 mg eases the pain of gout.", "Asthma is treated with inhaled corticosteroids daily."]
    for name, figure in score_texts(texts, texts).figures().items():
        assert figure.value == pytest.approx(1, abs=0.01), name


def test_empty_answers_score_0_everywhere():
    figures = score_texts([""] * 3, ["Aspirin 5 mg.", "pain", "gout"]).figures()
    assert {figure.value for figure in figures.values()} == {0}


def test_no_items_give_no_figures():
    scores = score_texts([], [])
    assert all(figure.value is None and figure.n == 0 for figure in scores.figures().values())


def test_lists_of_unequal_length_are_refused():
    with pytest.raises(ValueError, match="2 predictions and 1 references"):
        score_texts(["a", "b"], ["a"])


def test_a_bad_metric_of_the_users_own_is_named():
    with pytest.raises(InputError, match='custom metric "mine"'):
        score_texts(["a"], ["a"], TextMetricSettings(custom={"mine": "nowhere_at_all:score"}))
