"""The model cards of the studies relations and meerkat: every figure is there, and what is to be said of the data."""

import pytest

from medtune.metrics.intervals import amount
from medtune.metrics.proportions import proportion
from medtune.metrics.text.names import BLEU, ROUGE
from medtune.metrics.text.registry import score_texts
from medtune.reporting.cards import render_card
from medtune.reporting.tables import estimate_text
from medtune.studies.meerkat import card as meerkat
from medtune.studies.meerkat.synthetic import SHOWN
from medtune.studies.relations import card as relations
from medtune.studies.relations.score import score
from tests.unit.relations_study import answers, made_rows, prompts, schema_file, task
from tests.unit.test_cards import BASE, MANIFEST, RECORD
from tests.unit.test_chat import CHATML, START, made_tokenizer

SYNTHETIC = {"name": "made", "format": "synthetic", "licence": None, "records": 9}
OWN = {"name": "own", "format": "files", "licence": None, "records": 9}


def said_of_synthetic(line):
    return line.startswith("The documents are synthetic")


def relations_manifest(source=OWN, labels=None):
    return {**MANIFEST, "sources": [source], "labels": labels or {}}


def meerkat_manifest(source=OWN):
    return {**MANIFEST, "sources": [source], "rule": {"holdout": 10}}


@pytest.fixture(scope="module")
def relations_metrics(tmp_path_factory):
    folder = tmp_path_factory.mktemp("relations")
    rows = made_rows(6)
    options = {"schema": schema_file(folder), "deduplicate": True, "drop_violations": True}
    return score(rows, answers(rows, task(folder), 0.3), 0, **options).metrics


@pytest.fixture(scope="module")
def meerkat_metrics():
    texts = ["take it daily", "rest and water"]
    figures = {name: found.as_dict() for name, found in score_texts(texts, texts[::-1]).figures(0).items()}
    split = {
        "n": 2,
        "overall": figures,
        "specialties": {},
        "answer_rate": proportion(2, 2).as_dict(),
        "cut_rate": proportion(0, 2).as_dict(),
        "mean_answer_tokens": amount([3, 3]).as_dict(),
    }
    return {"splits": {"evaluation": {**split, "overall": {}}, "holdout": split}}


def test_the_relations_card_has_all_its_figures(relations_metrics, tmp_path):
    manifest = relations_manifest()
    study = relations.study_card(manifest, prompts(tmp_path))
    card = render_card(study, "base", "results/final_model", BASE, manifest, RECORD, relations_metrics)
    for line in relations.HEADLINES:
        assert f"| {line.name} | " in card and "n = 6" in card
    assert "relation-extraction" in card and "number of documents" in card


def test_the_relations_card_has_targets_and_published_figures_where_documents_are_real(relations_metrics, tmp_path):
    manifest, folder = relations_manifest(), prompts(tmp_path)
    study = relations.study_card(manifest, folder)
    card = render_card(study, "base", "results/final_model", BASE, manifest, RECORD, relations_metrics)
    assert "entities: target 85.0 %, published 84.8 %" in card and "relations: target 75.0 %, published 39.2 %" in card
    assert relations.study_card(relations_manifest(SYNTHETIC), folder).published == ""


def test_the_relations_card_shows_the_prompt_of_the_first_step(tmp_path):
    (prompts(tmp_path) / "entities.txt").write_text("List the entities.")
    (prompts(tmp_path) / "relations.txt").write_text("List the relations.")
    joint, steps = (relations.study_card(relations_manifest(), prompts(tmp_path), flag) for flag in (False, True))
    assert joint.prompt == f"List the entities and relations.\nText: {relations.EXAMPLE}\nAnswer:\n"
    assert steps.prompt.startswith("List the entities.\n") and "Two prompts" in steps.summary


def test_the_relations_card_warns_of_made_documents_and_of_a_proxy(tmp_path):
    folder = prompts(tmp_path)
    assert any(map(said_of_synthetic, relations.study_card(relations_manifest(SYNTHETIC), folder).limits))
    labels = {"documents": {"name": "BioRED (proxy)", "caption": "A proxy_ only."}}
    limits = relations.study_card(relations_manifest(labels=labels), folder).limits
    assert r"Labels: BioRED (proxy). A proxy\_ only." in limits
    assert not any(map(said_of_synthetic, limits))


def test_the_meerkat_card_has_the_figures_of_the_holdout(meerkat_metrics):
    manifest = meerkat_manifest()
    study = meerkat.study_card(manifest, steering="BLEU-1")
    card = render_card(study, "base", "adapter", BASE, manifest, RECORD, meerkat.card_metrics(meerkat_metrics))
    for name in (BLEU[0], *ROUGE, "exact match", "questions that get an answer"):
        assert f"| {name} | " in card, name
    assert "10 records of each specialty" in card
    assert study.headlines[0].key == "BLEU-1"


def test_a_steering_metric_of_the_users_own_is_left_to_the_tables():
    keys = [line.key for line in meerkat.study_card(meerkat_manifest(), steering="my.metric").headlines]
    assert "my.metric" not in keys and keys[: len(meerkat.ALWAYS)] == list(meerkat.ALWAYS)


def test_the_meerkat_card_prompts_as_the_model_is_asked(tmp_path):
    tokenizer = made_tokenizer()
    tokenizer.save_pretrained(tmp_path / "plain")
    tokenizer.chat_template = CHATML
    tokenizer.save_pretrained(tmp_path / "chat")
    options = {"system_message": "Be brief.", "answer_tokens": 40}
    plain, chat = (
        meerkat.study_card(meerkat_manifest(), base=tmp_path / name, **options) for name in ("plain", "chat")
    )
    assert plain.prompt == f"Be brief.\n\nQuestion: {meerkat.QUESTION}\nAnswer:\n"
    assert chat.prompt.startswith(f"{START}system\nBe brief.") and meerkat.QUESTION in chat.prompt
    assert plain.max_new_tokens == 40
    (tmp_path / "own.jinja").write_text("{% for message in messages %}<{{ message['content'] }}>{% endfor %}")
    own = meerkat.study_card(meerkat_manifest(), base=tmp_path / "chat", template=tmp_path / "own.jinja", **options)
    assert own.prompt == f"<Be brief.><{meerkat.QUESTION}>"


def test_the_meerkat_card_warns_of_made_questions():
    assert SHOWN in meerkat.study_card(meerkat_manifest(SYNTHETIC)).limits
    assert SHOWN not in meerkat.study_card(meerkat_manifest()).limits


def test_the_meerkat_card_has_the_base_model_in_its_practised_form(meerkat_metrics):
    manifest, shown = meerkat_manifest(), meerkat.card_metrics(meerkat_metrics)
    study = meerkat.study_card(manifest, steering="BLEU-1")
    others = {"base model": shown, "base model, practised form": shown}
    card = render_card(study, "base", "adapter", BASE, manifest, RECORD, shown, others)
    assert "| figure | adapter | base model | base model, practised form |" in card
    figure = estimate_text(meerkat_metrics["splits"]["holdout"]["overall"]["BLEU-1"])
    assert f"| BLEU-1 | {figure} | {figure} | {figure} |" in card
