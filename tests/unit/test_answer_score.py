import numpy as np
import pytest

from medtune.errors import InputError
from medtune.files import write_json
from medtune.kinds.answers import figures
from medtune.kinds.answers.card import study_card
from medtune.kinds.answers.score import ITEM_COLUMNS, METRICS, score
from medtune.kinds.summary import RunFiles, comparison_rows, read_runs, run_columns, run_rows
from medtune.metrics.significance import paired_difference
from medtune.reporting.cards import render_card
from medtune.reporting.tables import read_csv, write_csv
from tests.unit.test_cards import BASE, MANIFEST, RECORD

OPTIONS = {"study": "qa", "prompt": "Question: {text}\nAnswer:"}


def example(identifier, text, **more):
    return {"id": identifier, "text": f"What of {identifier}?", "answer": text, "source": "qa.csv", **more}


def answer(identifier, text, split="test", finish="eos", tokens=4):
    value = text.strip() or None
    row = {"id": identifier, "split": split, "raw": text, "value": value, "status": "ok" if value else "unparsable"}
    return {**row, "finish": finish, "output_tokens": tokens}


EXAMPLES = [
    example("a", "Aspirin eases the pain."),
    example("b", "Rest and ice."),
    example("c", "Gout."),
    example("d", "Surgery of the knee joint."),
]
ANSWERS = [
    answer("a", "aspirin eases pain"),
    answer("b", "Ice and rest", finish="length", tokens=8),
    answer("c", "", tokens=0),
    answer("d", "Surgery of the knee."),
]


def scored(examples=EXAMPLES, answers=ANSWERS):
    return score({"test": examples}, answers, 5, **OPTIONS)


def of_test(**changes):
    return scored(**changes).metrics["splits"]["test"]


def test_figures_of_a_hand_made_case():
    test = of_test()
    values = {name: test[name]["value"] for name in ("exact_match", "answer_rate", "cut_rate", "mean_answer_tokens")}
    # SQuAD's normalisation leaves case, punctuation and articles out: only the first answer is its reference.
    assert values == {"exact_match": 0.25, "answer_rate": 0.75, "cut_rate": 0.25, "mean_answer_tokens": 4}
    # Longest common subsequences: 3 of 3 and 4 tokens; 1 of 3 and 3; none; 4 of 4 and 5.
    assert test["ROUGE-L"]["value"] == pytest.approx((6 / 7 + 1 / 3 + 0 + 8 / 9) / 4)
    assert test["ROUGE-1"]["value"] == pytest.approx((6 / 7 + 1 + 0 + 8 / 9) / 4)
    assert test["ROUGE-2"]["value"] == pytest.approx((2 * 1 / 2 * 1 / 3 / (5 / 6) + 0 + 0 + 2 * 3 / 4 / (7 / 4)) / 4)
    # Tokens without articles: 3 of 3 and 3; 3 of 3 and 3; none; 3 of 3 and 4.
    assert test["token_f1"]["value"] == pytest.approx((1 + 1 + 0 + 6 / 7) / 4)
    assert (test["n"], test["ROUGE-L"]["n"], test["ROUGE-L"]["unit"]) == (4, 4, "questions")


def test_an_answer_without_text_is_wrong_and_never_left_out():
    # What a model wrote after a question of its own is no answer either.
    without = [{**answer(row["id"], ""), "raw": f"\nQuestion: What?\nAnswer: {row['answer']}"} for row in EXAMPLES]
    for name, figure in of_test(answers=without).items():
        if name in METRICS:
            assert figure["value"] == 0 and figure["n"] > 0, name


def test_the_seed_and_the_definition_of_each_metric_stand_beside():
    content = scored().metrics
    assert content["seed"] == 5
    assert set(METRICS) <= set(content["definitions"])
    assert not [name for name in content["definitions"] if "METEOR" in name]


def test_every_figure_that_summaries_show_has_n_and_an_interval():
    for grouped in (False, True):
        examples = [{**row, "group": row["id"] if row["id"] < "c" else "p"} for row in EXAMPLES]
        test = of_test(examples=examples if grouped else EXAMPLES)
        for shown in figures.SHOWN:
            figure = test[shown.key]
            assert figure["low"] <= figure["value"] <= figure["high"] and figure["low"] < figure["high"], shown.key
            assert figure["unit"] == ("groups" if grouped else "questions"), shown.key
            if shown.key != "medical_term_f1":  # of the answers that have or should have a term
                assert figure["n"] == (3 if grouped else 4), shown.key
    assert figures.JUDGED in {shown.key for shown in figures.SHOWN}


def many(groups, size, right):
    """Questions in groups, answered as the reference does or not at all as a whole. right: of each group."""
    names = [(g, f"{g}/{n}") for g in range(groups) for n in range(size)]
    examples = [example(name, "Aspirin eases pain.", group=f"p{g}") for g, name in names]
    return examples, [
        answer(name, "Aspirin eases pain." if right[g] else "No.", tokens=9 if right[g] else 1) for g, name in names
    ]


def test_questions_of_a_patient_are_no_evidence_of_their_own():
    examples, answers = many(12, 5, [True] * 8 + [False] * 4)
    alone = of_test(examples=[{**row, "group": None} for row in examples], answers=answers)
    grouped = of_test(examples=examples, answers=answers)
    for name in ("ROUGE-L", "ROUGE-2", "BLEU-4", "exact_match", "token_f1", "mean_answer_tokens"):
        assert grouped[name]["value"] == pytest.approx(alone[name]["value"])
        assert (alone[name]["n"], grouped[name]["n"]) == (60, 12)
        widths = [split[name]["high"] - split[name]["low"] for split in (alone, grouped)]
        assert widths[1] > 1.7 * widths[0], name


def test_items_have_one_row_per_example_with_the_columns():
    items = scored(answers=ANSWERS[::-1]).items
    assert all(set(item) == set(ITEM_COLUMNS) for item in items)
    assert [(item["id"], item["split"], item["status"], item["exact_match"]) for item in items] == [
        ("a", "test", "ok", 1),
        ("b", "test", "ok", 0),
        ("c", "test", "unparsable", 0),
        ("d", "test", "ok", 0),
    ]
    assert items[2]["ROUGE-L"] == 0


def test_two_runs_are_compared_over_what_was_drawn(tmp_path):
    examples, answers = many(6, 3, [True, True, True, True, False, False])
    alone = [{**row, "group": None} for row in examples]
    for name, given in (("grouped", examples), ("alone", alone)):
        write_csv(tmp_path / name, scored(given, answers).items, ITEM_COLUMNS)
    units, counts = figures.sums(read_csv(tmp_path / "grouped"))
    assert units == [f"group p{g}" for g in range(6)]
    assert counts.tolist() == [[3, 3]] * 4 + [[0, 3]] * 2
    assert len(figures.sums(read_csv(tmp_path / "alone"))[0]) == 18
    value = of_test(examples=examples, answers=answers)["ROUGE-L"]["value"]
    assert figures.ratio(counts.sum(axis=0, keepdims=True)) == pytest.approx([value])
    better = np.column_stack([counts[:, 1], counts[:, 1]])
    assert paired_difference(better, counts, figures.ratio, seed=0).n == 6


def test_runs_stand_in_the_tables_of_own_studies(tmp_path):
    files = []
    for name, seed, texts in (("base", None, ["No."] * 4), ("adapter", 42, [row["answer"] for row in EXAMPLES])):
        answers = [answer(row["id"], text) for row, text in zip(EXAMPLES, texts, strict=True)]
        held = [{**row, "split": "validation"} for row in answers]
        found = score({"validation": EXAMPLES, "test": EXAMPLES}, [*held, *answers], 0, **OPTIONS)
        write_json(tmp_path / f"{name}.json", found.metrics)
        write_csv(tmp_path / f"{name}.csv", found.items, ITEM_COLUMNS)
        files.append(RunFiles(name, seed, tmp_path / f"{name}.json", tmp_path / f"{name}.csv"))
    runs = read_runs(files, figures)
    rows = run_rows(runs)
    assert all(set(row) == set(run_columns(figures)) for row in rows)
    assert [(row["run"], row["ROUGE-L"], row["validation_ROUGE-L"], row["n"]) for row in rows] == [
        ("base", 0, 0, 4),
        ("adapter", 1, 1, 4),
    ]
    (test,) = comparison_rows(runs, seed=0)
    assert (test["figure"], test["difference"], test["n"]) == ("ROUGE-L", 1, 4)


def test_ids_of_one_split_are_not_mixed_up_with_those_of_another():
    examples = {"validation": [example("a", "Gout.")], "test": [example("a", "Rest.")]}
    found = score(examples, [answer("a", "Gout."), answer("a", "Gout.", "validation")], 0, **OPTIONS)
    assert {split: part["exact_match"]["value"] for split, part in found.metrics["splits"].items()} == {
        "validation": 1,
        "test": 0,
    }


def test_a_split_without_examples_has_no_values():
    test = score({"test": []}, [], 0, **OPTIONS).metrics["splits"]["test"]
    assert all(test[shown.key]["value"] is None for shown in figures.SHOWN)
    units, counts = figures.sums([])
    assert (units, counts.shape) == ([], (0, 2))


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        (ANSWERS[:3], 'predictions: no answer to id "d" of split test'),
        ([*ANSWERS, ANSWERS[0]], 'predictions: two answers to id "a" of split test'),
        ([*ANSWERS, answer("x", "Gout.")], 'predictions: id "x" is not in the data of split test'),
    ],
)
def test_what_does_not_fit_is_refused_with_its_id(answers, message):
    with pytest.raises(InputError, match=message):
        scored(answers=answers)


def test_the_card_shows_every_figure_and_the_limits():
    study = study_card(MANIFEST, title="Ward_questions", limits=["Not for <decisions>."], **OPTIONS)
    card = render_card(study, "base", "adapter", BASE, MANIFEST, RECORD, scored().metrics)
    for shown in figures.SHOWN:
        assert f"| {shown.name} | " in card
    assert r"# Ward\_questions: LoRA adapter" in card
    assert r"- Not for \<decisions\>." in card
    assert "Question: What is gout?\\nAnswer:" in card
