import pytest

from medtune.errors import InputError
from medtune.files import read_json, write_json
from medtune.studies.meerkat.recommendations import (
    Basis,
    Judgement,
    TrainingRecommendations,
    read_recommendations,
    write_recommendations,
)

GROUNDS = Judgement(
    metric="ROUGE-L",
    n=8,
    value=0.3,
    shrunk=0.31,
    low=0.2,
    high=0.4,
    share=0.5,
    recommended_share=0.8,
    reason="below the mean of 0.6 with its whole interval",
)


def test_what_is_written_is_read_and_has_the_known_keys(tmp_path):
    path = tmp_path / "training_recommendations.json"
    written = TrainingRecommendations(
        low_performance_specialties=["neurology"],
        recommended_sample_increases={"neurology": 0.8},
        overall_improvement={"ROUGE-L": 0.045, "bertscore_f1": 0.032},
        basis=Basis(
            iteration=1,
            metric="ROUGE-L",
            overall_mean=0.6,
            margin=0,
            confidence=0.95,
            increase=0.3,
            method="as it was judged",
        ),
        specialties={"neurology": GROUNDS},
    )
    write_recommendations(path, written)
    assert read_recommendations(path) == written
    content = read_json(path)
    assert list(content)[:3] == [
        "low_performance_specialties",
        "recommended_sample_increases",
        "overall_improvement",
    ]
    assert content["specialties"]["neurology"]["reason"] == GROUNDS.reason


def test_a_file_by_hand_can_do_without_the_grounds(tmp_path):
    path = tmp_path / "training_recommendations.json"
    write_json(
        path,
        {
            "low_performance_specialties": ["cardiology", "neurology"],
            "recommended_sample_increases": {"cardiology": 0.8, "neurology": 0.8},
            "overall_improvement": {"ROUGE-L": 0.045},
        },
    )
    assert read_recommendations(path).recommended_sample_increases == {"cardiology": 0.8, "neurology": 0.8}


@pytest.mark.parametrize(
    "content, sentence",
    [
        ([], "valid dictionary"),
        ({"low_performance": ["a"]}, "low_performance: Extra inputs are not permitted"),
        (
            {"low_performance_specialties": ["a"], "recommended_sample_increases": {"a": 80}},
            "recommended_sample_increases.a: Input should be less than or equal to 1",
        ),
        ({"low_performance_specialties": ["../x"]}, r'the specialty "\.\./x" cannot be used in file names'),
        ({"recommended_sample_increases": {"a": 0.8}}, 'names "a", which low_performance_specialties does not'),
    ],
)
def test_a_faulty_file_gets_one_sentence(tmp_path, content, sentence):
    path = tmp_path / "training_recommendations.json"
    write_json(path, content)
    with pytest.raises(InputError, match=sentence) as fault:
        read_recommendations(path)
    assert str(fault.value).startswith(str(path))
    assert "\n" not in str(fault.value)
