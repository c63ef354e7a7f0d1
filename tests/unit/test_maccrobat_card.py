"""The model card of a tagger: what it says, and that its snippet runs as printed."""

import contextlib
import io
import re
import sys

import pytest
import yaml

from medtune.data.bio import tag_list
from medtune.data.flatten import RULE
from medtune.files import read_jsonl, write_json
from medtune.methods.encoder.tagger import TaggerSettings
from medtune.reporting.cards import render_card
from medtune.reporting.tables import estimate_text
from medtune.stages.tag import tagger_script
from medtune.studies.maccrobat.card import EXAMPLE, HEADLINES, study_card
from medtune.studies.maccrobat.runs import SYNTHETIC
from medtune.studies.maccrobat.score import score
from tests.unit.tagged_study import RUNS, TYPES, made_study
from tests.unit.test_cards import BASE, RECORD
from tests.unit.tiny_tagger import tiny_encoder

MANIFEST = {
    "seed": 42,
    "sources": [{"name": "maccrobat", "format": "brat", "licence": "CC BY 4.0", "records": 200}],
    "records": {"train": 170, "validation": 15, "test": 15},
    "types": {name: {"mentions": 9, "tier": tier} for name, tier in {**TYPES, "Lab_value": "rare"}.items()},
    "rare_types": {"setting": "keep", "drop_below": 100, "dropped": []},
    "flattening": {
        "rule": RULE,
        "gold": 25189,
        "kept": 24708,
        "dropped_by_reason": {"discontinuous": 44, "same span": 121, "nested": 316},
    },
    "dropped": [{"count": 3}],
    "files": {"train.jsonl": "ab" * 32},
}


@pytest.fixture(scope="module")
def metrics(tmp_path_factory):
    files, data, tags = made_study(tmp_path_factory.mktemp("study"), runs=RUNS[:1])
    examples = {split: read_jsonl(data[split]) for split in ("validation", "test")}
    return score(examples, read_jsonl(files[0].predictions), 1, tags=tags).metrics


def card(metrics, folder="results/model", **changes):
    manifest = {**MANIFEST, **changes}
    study = study_card(manifest)
    return render_card(study, "results/base", folder, BASE, manifest, RECORD, metrics)


def test_the_front_matter_is_that_of_a_token_classifier(metrics):
    fields = yaml.safe_load(card(metrics).split("---\n")[1])
    assert (fields["library_name"], fields["pipeline_tag"]) == ("transformers", "token-classification")
    assert (fields["base_model"], fields["license"]) == ("tiny", "apache-2.0")
    assert "lora" not in fields["tags"]


def test_every_headline_is_a_figure_of_the_scores_with_its_interval(metrics):
    test = metrics["splits"]["test"]
    page = card(metrics)
    assert f"| strict micro-F1 (boundaries and type) | {estimate_text(test['micro']['strict']['f1'])} |" in page
    assert f"| strict recall of all annotated entities | {estimate_text(test['all_gold_recall'])} |" in page
    assert page.count("n = 12 documents)") == len(HEADLINES)
    assert "value, 95 % interval, number of documents" in page


def test_types_base_data_and_training_are_there(metrics):
    page = card(metrics)
    for part in (
        "# Entities of 4 types in case reports",
        r"Types: Age, Lab\_value, Mass, Medication.",
        "| maccrobat | brat | CC BY 4.0 | 200 |",
        "train 170, validation 15, test 15; left out: 3",
        "ab" * 32,
        "123,456 trainable parameters",
        "| learning\\_rate | 0.0003 |",
    ):
        assert part in page, part


def test_what_flat_tags_lack_is_said_with_its_numbers_and_the_rule(metrics):
    page = card(metrics)
    assert "lack 481 of 25189 entities (44 discontinuous, 121 same span, 316 nested)" in page
    assert RULE in page
    nothing = {"rule": RULE, "gold": 1, "kept": 1, "dropped_by_reason": {}}
    assert "lack 0 of 1 entity, by the rule" in card(metrics, flattening=nothing)


def test_rare_types_are_named_with_tags_or_without(metrics):
    assert r"how well they are found: Lab\_value, Mass." in card(metrics)
    page = card(metrics, rare_types={"setting": "drop", "drop_below": 100, "dropped": ["Mass"]})
    assert "Types of fewer than 100 mentions have no tags: Mass." in page
    assert r"how well they are found: Lab\_value." in page
    assert "# Entities of 3 types" in page
    assert "rare" not in card(metrics, types={"Age": {"tier": "frequent"}})


def test_made_reports_are_called_that(metrics):
    assert SYNTHETIC in card(metrics, sources=[{**MANIFEST["sources"][0], "format": "synthetic"}])
    assert SYNTHETIC not in card(metrics)


@pytest.fixture(scope="module")
def tagger(tmp_path_factory):
    """An untrained tagger that has learned one thing: all is a Drug."""
    import torch
    from transformers import BertForTokenClassification

    folder = tmp_path_factory.mktemp("models") / 'odd "name"'
    base, tokenizer = tiny_encoder()
    tags = tag_list(["Drug", "Sign"])
    base.config.id2label, base.config.label2id = dict(enumerate(tags)), {tag: n for n, tag in enumerate(tags)}
    model = BertForTokenClassification(base.config)
    with torch.no_grad():
        model.classifier.weight.zero_()
        model.classifier.bias.copy_(torch.tensor([0.0, 9.0, 0.0, 0.0, 0.0]))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    write_json(folder / "record.json", {})
    settings = TaggerSettings(tags, 40, 8, 1, None, 0.0, 1.0, "float32")
    write_json(folder / "tagger.json", settings.as_dict())
    (folder / "tag.py").write_text(tagger_script())
    return folder


def run_snippet(page):
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    with contextlib.redirect_stdout(io.StringIO()) as said:
        try:
            exec(code, names := {})
        finally:
            sys.modules.pop("tag", None)
    return said.getvalue().splitlines(), names


def test_the_snippet_runs_as_printed_and_takes_texts_that_are_longer_than_a_window(metrics, tagger):
    lines, names = run_snippet(card(metrics, folder=tagger))
    assert lines[0] == "Drug 'A' 1.0"
    assert lines[-1] == "Drug '.' 1.0" and "Drug 'amoxicillin' 1.0" in lines
    pieces = names["Tagger"].load(tagger).tokenizer(EXAMPLE)["input_ids"]
    assert len(pieces) > 40, "the example should need several windows"
