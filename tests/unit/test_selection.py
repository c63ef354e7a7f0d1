import pytest

from medtune.metrics.contrasts import Contrast
from medtune.metrics.estimate import Range
from medtune.studies.maccrobat.analysis.comparison import TaggerRun
from medtune.studies.maccrobat.analysis.selection import (
    CANDIDATE_COLUMNS,
    TRADE_OFF_COLUMNS,
    Candidate,
    TradeOff,
    candidate,
    choose,
    equal_speeds,
    rank,
    ranking_rows,
    scores,
    trade_off,
    trade_off_rows,
    usable_weights,
)
from medtune.studies.maccrobat.select_configuration import reason, trade_off_words
from tests.unit.analysis_cases import document

WEIGHTS = {"validation_f1": 0.5, "rare_f1": 0.2, "speed": 0.2, "size": 0.1}


def made(name, f1, rare, speed, size, spread=0.0):
    figures = {"validation_f1": f1, "rare_f1": rare, "speed": speed, "size": size}
    return Candidate((name, 2e-5), [], figures, Range(speed, speed - spread, speed + spread))


def run(tags, encoder, speed=100.0, seconds=60.0, parameters=10, seed=1, gold="B-A O B-R"):
    documents = {split: [document(gold, found) for found in tags] for split in ("validation", "test")}
    return TaggerRun(
        encoder, 2e-5, seed, documents, ("A", "R"), seconds, Range(speed, 0.9 * speed, 1.1 * speed), parameters
    )


def test_a_score_is_the_share_of_the_best_so_that_small_differences_stay_small():
    tables = scores([made("a", 0.8, 0.5, 100, 10), made("b", 0.792, 0.5, 50, 20)], list(WEIGHTS))
    assert tables[0] == {"validation_f1": 1, "rare_f1": 1, "speed": 1, "size": 1}
    assert tables[1] == pytest.approx({"validation_f1": 0.99, "rare_f1": 1, "speed": 0.5, "size": 0.5})


def test_the_ranking_is_by_the_weighted_sum():
    good, fast = made("good", 0.8, 0.5, 100, 10), made("fast", 0.7, 0.45, 200, 10)
    ranking = rank([good, fast], WEIGHTS)
    assert [one.configuration[0] for one, _, _ in ranking] == ["fast", "good"]
    assert ranking[0][2] == pytest.approx(0.5 * 0.875 + 0.2 * 0.9 + 0.2 + 0.1)
    only_f1 = {**WEIGHTS, "rare_f1": 0, "speed": 0, "size": 0}
    assert rank([fast, good], only_f1)[0][0] is good
    assert tuple(ranking_rows(ranking)[0]) == CANDIDATE_COLUMNS


def test_a_criterion_without_a_figure_for_all_is_left_out_and_the_others_weigh_more():
    candidates = [made("a", 0.8, None, 100, 10), made("b", 0.7, None, 200, 10)]
    assert usable_weights(candidates, WEIGHTS) == pytest.approx({"validation_f1": 0.625, "speed": 0.25, "size": 0.125})
    with pytest.raises(ValueError, match="no criterion"):
        usable_weights(candidates, {"validation_f1": 0, "rare_f1": 1, "speed": 0, "size": 0})


def test_equal_candidates_are_ranked_by_name_and_all_zero_figures_do_not_divide():
    ranking = rank([made("b", 0, 0, 1, 1), made("a", 0, 0, 1, 1)], WEIGHTS)
    assert [one.configuration[0] for one, _, _ in ranking] == ["a", "b"]
    assert [score for _, _, score in ranking] == pytest.approx([1, 1])


def test_figures_of_a_candidate_are_means_over_its_seeds_and_rare_types_are_scored_apart():
    runs = [run(["B-A O B-R"], "e", 100), run(["B-A O O"], "e", 200, seed=2)]
    found = candidate(runs, ["R"])
    assert found.figures == pytest.approx({"validation_f1": (1 + 2 / 3) / 2, "rare_f1": 0.5, "speed": 150, "size": 10})
    assert candidate(runs, []).figures["rare_f1"] is None
    without = [run(["B-A O O"], "e", gold="B-A O O")]
    assert candidate(without, ["R"]).figures["rare_f1"] is None


def said(*differences):
    """The words on trade-offs. differences: of the F1 and of the rare types' F1, for each other candidate."""
    first, other = (Candidate((name, 2e-5), [], {}, Range(1, 0.8, 1.25)) for name in ("A", "B"))
    found = [TradeOff(first, other, f1, rare, 1.5, 2.0, 0.5) for f1, rare in differences]
    return [trade_off_words(first, row) for row in trade_off_rows(found, documents=20)]


def test_a_difference_is_shown_where_the_test_shows_it_that_is_corrected_for_all():
    unsure, clear = Contrast(0.012, -0.003, 0.027), Contrast(0.02, 0.01, 0.03)
    assert said((unsure, Contrast(None, None, None))) == [
        "A at 2e-05 against B at 2e-05: +1.2 F1 points (-0.3 to +2.7), no difference shown; at 1.50 (0.64–1.56) times "
        "the time for tagging, 2.00 times the time for training and 0.50 times the parameters."
    ]
    assert (
        "+2.0 F1 points (+1.0 to +3.0); rare types +1.2 F1 points (-0.3 to +2.7), no difference shown;"
        in (said((clear, unsure))[0])
    )
    # The interval excludes 0, but it is one of four.
    barely = Contrast(0.02, 0.001, 0.039)
    assert "shown" not in said((barely, Contrast(None, None, None)))[0]
    assert all("(+0.1 to +3.9), no difference shown" in words for words in said((barely, unsure), (barely, unsure)))


def test_trade_offs_compare_the_means_over_seeds_on_the_same_documents():
    tags = ["B-A O B-R"] * 20
    first = candidate([run(tags, "a", 50, 120, 20)], ["R"])
    other = candidate([run(["B-A O O"] * 20, "b", seed=n) for n in (1, 2)], ["R"])
    found = trade_off(first, other, ["R"])
    assert (found.f1.value, found.f1.shown) == (pytest.approx(1 / 3), True)
    assert (found.rare_f1.value, found.rare_f1.shown) == (1, True)
    assert (found.time_ratio, found.training_time_ratio, found.size_ratio) == (2, 2, 2)
    same = trade_off(first, candidate([run(tags, "c")], ["R"]), [])
    assert (same.f1.value, same.f1.shown, same.rare_f1.value) == (0, False, None)
    assert tuple(trade_off_rows([found], 20)[0]) == TRADE_OFF_COLUMNS


def test_speeds_inside_each_others_spread_decide_nothing():
    """In the second ranking the faster one would win by its median, and the bigger one would by nothing else."""
    slow, fast = made("slow", 0.8, 0.5, 100, 10, spread=1), made("fast", 0.79, 0.5, 150, 10, spread=1)
    assert [one.configuration[0] for one, _, _ in rank([slow, fast], WEIGHTS)] == ["fast", "slow"]
    slow, fast = made("slow", 0.8, 0.5, 100, 10, spread=30), made("fast", 0.79, 0.5, 150, 10, spread=25)
    ranking = rank([slow, fast], WEIGHTS)
    assert [one.configuration[0] for one, _, _ in ranking] == ["slow", "fast"]
    assert {table["speed"] for _, table, _ in ranking} == {1}


def test_overlapping_rounds_make_a_chain_of_equals():
    chain = [made(name, 1, 1, speed, 1, spread=6) for name, speed in (("a", 100), ("b", 110), ("c", 120), ("d", 140))]
    assert equal_speeds(chain) == [120, 120, 120, 140]
    assert equal_speeds(list(reversed(chain))) == [140, 120, 120, 120]


def test_the_choice_is_made_without_the_test_documents():
    good, lucky = run(["B-A O B-R"] * 3, "good"), run(["B-A O O"] * 3, "lucky")
    lucky.documents["test"][:] = good.documents["test"]
    good.documents["test"][:] = [document("B-A O B-R", "O O O")] * 3
    ranking = rank([candidate([one], ["R"]) for one in (lucky, good)], WEIGHTS)
    assert choose(ranking) is good


def test_of_a_configuration_the_best_seed_on_validation_is_chosen():
    weak, strong = (run([tags] * 2, "e", seed=seed) for seed, tags in ((1, "B-A O O"), (2, "B-A O B-R")))
    assert choose(rank([candidate([weak, strong], [])], WEIGHTS)) is strong
    same = [run(["B-A O O"], "e", seed=seed) for seed in (2, 1)]
    assert choose(rank([candidate(same, [])], WEIGHTS)).seed == 1


def test_the_reason_names_the_next_one_the_best_validation_f1_and_that_nothing_is_claimed_of_encoders():
    small, large = (
        run(["B-A O B-R", tags], name, parameters=size)
        for name, tags, size in (("small", "B-A O O", 10), ("large", "B-A O B-R", 40))
    )
    ranking = rank([candidate([one], ["R"]) for one in (small, large)], {**WEIGHTS, "size": 2.0})
    text = reason(choose(ranking), ranking_rows(ranking))
    assert text.startswith("Chosen: small at 2e-05, seed 1, without the test documents. small at 2e-05 has the highest")
    assert "next: large at 2e-05" in text and "but less in the other criteria" in text
    assert "where large at 2e-05 has 100.0 % (" in text
    assert "nothing is claimed about the encoders" in text
    seeds = [candidate([run(["B-A O O"], name, seed=n) for n in (1, 2, 3)], []) for name in ("a", "b")]
    several = rank(seeds, WEIGHTS)
    assert "claimed" not in reason(choose(several), ranking_rows(several))
    alone = rank([candidate([small], [])], WEIGHTS)
    assert "small at 2e-05 is the only configuration" in reason(choose(alone), ranking_rows(alone))
