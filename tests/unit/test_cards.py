import ast
import re
from dataclasses import replace

import pytest
import yaml

from medtune.data.predictions import longer_gold_sentences
from medtune.errors import InputError
from medtune.metrics.forgetting import GuardItem, forgetting_rows
from medtune.metrics.proportions import proportion
from medtune.reporting.cards import Headline, StudyCard, render_card
from medtune.studies.yesno.card import HEADLINES, ONLY_SYNTHETIC, confounded, study_card
from medtune.studies.yesno.rationales import RATIONALE_COLUMNS

STUDY = StudyCard(
    title="A title",
    summary="A summary.",
    prompt='Q: Does it "work"?\nA:',
    headlines=[Headline("accuracy", "accuracy")],
    limits=["Not for patients."],
    tags=["biomedical"],
)
BASE = {"name": "tiny", "source": "made", "licence": "apache-2.0", "parameters": 700000}
MANIFEST = {
    "seed": 42,
    "sources": [{"name": "own | <b>data</b>", "format": "bioasq", "licence": None, "records": 40}],
    "records": {"train": 24, "test": 33},
    "dropped": [{"source": "own", "reason": "no label", "count": 3, "examples": []}, {"count": 4}],
    "files": {"train.jsonl": "ab" * 32},
}
RECORD = {
    "rows": 24,
    "trainable_parameters": 123456,
    "steps": 93,
    "best_step": 75,
    "train_seconds": 12.34,
    "peak_memory_mb": 800.2,
    "useful_token_share": 0.981,
    "tokens_per_second": 5000.0,
    "seed": 42,
    "settings": {"lora": {"rank": 16, "alpha": None}, "learning_rate": 3e-4},
    "versions": {"peft": "0.21.2"},
    "hardware": {"device": "cpu"},
    "chosen_by": "validation_accuracy",
    "judged_examples": 33,
    "history": [
        {"step": 50, "validation_loss": 0.7, "validation_accuracy": 0.5},
        {"step": 75, "loss": 0.4},
        {"step": 75, "validation_loss": 0.6, "validation_accuracy": 0.75},
        {"step": 93, "validation_loss": 0.5, "validation_accuracy": 0.25},
    ],
}
METRICS = {"splits": {"test": {"accuracy": proportion(25, 33).as_dict()}}}


def render(**changes):
    arguments = {
        "study": STUDY,
        "base_folder": "results/tiny/models/tiny",
        "model_folder": "results/tiny/yesno/rank16/final_adapter",
        "base": BASE,
        "manifest": MANIFEST,
        "record": RECORD,
        "metrics": METRICS,
    }
    return render_card(**{**arguments, **changes})


def front_matter(card):
    return yaml.safe_load(card.split("---\n")[1])


def test_the_front_matter_is_what_the_hub_reads():
    fields = front_matter(render())
    assert fields["library_name"] == "peft"
    assert fields["base_model"] == "tiny"
    assert fields["license"] == "apache-2.0"
    assert fields["tags"] == ["lora", "biomedical"]


def test_a_hub_model_is_named_by_its_repository():
    card = render(base={**BASE, "repository": "Qwen/Qwen3-1.7B-Base", "revision": "abc123"})
    assert front_matter(card)["base_model"] == "Qwen/Qwen3-1.7B-Base"
    assert "abc123" in card


def test_what_the_adapter_forgot_is_shown_where_it_was_measured():
    items = [GuardItem("general questions", f"i{n}", 3, -1.0, -1.0 - 0.1 * (n + 1), False, False) for n in range(6)]
    card = render(guard={"sources": forgetting_rows(items, seed=0), "left_out": {}})
    section = card.split("## What the adapter forgets")[1].split("\n## ")[0]
    assert "| general questions | 6 |" in section and "| loss |" in section
    assert "forgets" not in render()


def test_figures_have_interval_and_n():
    assert "| accuracy | 75.8 % (59.0–87.2, n = 33 items) |" in render()


def test_figures_of_the_base_model_in_both_forms_stand_beside():
    others = {"base": proportion(4, 33), "base, practised form": proportion(11, 33)}
    card = render(others={name: {"splits": {"test": {"accuracy": n.as_dict()}}} for name, n in others.items()})
    assert "| figure | adapter | base | base, practised form |" in card
    assert re.search(r"\| accuracy \| 75.8 % .*\| 12.1 % .*\| 33.3 % ", card)


def test_settings_data_and_training_are_there():
    card = render()
    for part in (
        "| lora.rank | 16 |",
        "123,456 trainable parameters, 24 training rows, ",
        "left out: 7",
        "seed 42",
        "ab" * 32,
        "- Not for patients.",
    ):
        assert part in card, part


def test_names_from_data_cannot_break_the_table_or_bring_markup():
    card = render()
    assert r"| own \| \<b\>data\</b\> | bioasq | not known | 40 |" in card
    assert "<b>" not in card


def test_the_snippet_is_python_with_the_paths_and_prompt_as_given():
    (code,) = re.findall(r"```python\n(.*?)```", render(model_folder="odd 'name'/adapter"), re.DOTALL)
    assigned = {
        node.targets[0].id: node.value.value
        for node in ast.parse(code).body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
    }
    assert assigned == {
        "base": "results/tiny/models/tiny",
        "adapter": "odd 'name'/adapter",
        "prompt": 'Q: Does it "work"?\nA:',
    }


def test_the_card_is_the_same_each_time():
    assert render() == render()


def test_the_card_says_what_chose_the_checkpoint_and_that_it_is_no_estimate():
    assert (
        "The checkpoint of step 75 was chosen by the highest validation accuracy on 33 validation examples: 0.750, the "
        "best of 3 evaluations, and so no estimate of what the model reaches."
    ) in render()
    by_loss = {**RECORD, "chosen_by": "validation_loss", "judged_examples": 0}
    assert "chosen by the lowest validation loss: 0.600, the best of 3 evaluations" in render(record=by_loss)
    assert "one of the last step alone" in render(record={**RECORD, "history": []})


def test_published_figures_stand_below_the_measured_ones_where_data_are_real():
    assert "75.76" not in render()
    real = study_card({"sources": [{"format": "bioasq"}], "labels_by_source": {}})
    made = study_card({"sources": [{"format": "synthetic"}], "labels_by_source": {}})
    assert made.published == ""
    card = render(study=replace(real, headlines=STUDY.headlines))
    assert card.index("## Figures") < card.index("75.76 % test accuracy") < card.index("## Limits")


def test_a_record_that_lacks_something_is_named():
    record = {key: value for key, value in RECORD.items() if key != "steps"}
    with pytest.raises(InputError, match="has no steps; train again"):
        render_card(STUDY, "base", "adapter", BASE, MANIFEST, record, METRICS)


def test_gold_answers_that_cannot_be_generated_in_full_are_among_the_limits():
    counts = {"validation": {"longer": 0, "n": 9}, "test": {"longer": 3, "n": 40}}
    card = render(study=STUDY.with_limits(longer_gold_sentences(counts)))
    limits = card.partition("## Limits")[2].partition("##")[0]
    assert "- 3 of 40 gold answers of the test split have more tokens than are generated" in limits
    assert "validation split have" not in limits
    assert all(f"- {limit}" in limits for limit in STUDY.limits)


def test_the_yesno_card_warns_of_synthetic_questions():
    synthetic, bioasq = {"format": "synthetic"}, {"format": "bioasq"}
    assert ONLY_SYNTHETIC in study_card({"sources": [synthetic], "labels_by_source": {}}).limits
    assert ONLY_SYNTHETIC not in study_card({"sources": [synthetic, bioasq], "labels_by_source": {}}).limits
    assert study_card(MANIFEST | {"labels_by_source": {}}).prompt.startswith("Q: ")


def test_the_yesno_card_shows_the_figures_of_rationales():
    assert {line.key for line in HEADLINES} >= set(RATIONALE_COLUMNS)


def test_the_yesno_card_warns_of_a_source_that_lacks_a_label():
    counts = {"labelled": {"Yes": 5, "Uncertain": 9}, "artificial": {"Yes": 7}, "challenge": {"No": 1}}
    (sentence,) = confounded(counts)
    assert "artificial has no Uncertain" in sentence
    assert confounded({"labelled": {"Yes": 5, "Uncertain": 9}}) == []


def test_the_yesno_headlines_are_figures_that_the_scores_have():
    from medtune.studies.yesno.card import HEADLINES
    from medtune.studies.yesno.score import score

    test = score({"test": []}, [], seed=0).metrics["splits"]["test"]
    assert {headline.key for headline in HEADLINES} <= set(test)
