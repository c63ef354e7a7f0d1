"""The page of examples of the relations study: what it shows, and of which documents."""

import re

import pytest

from medtune.data.related import RelatedDocument, RelatedEntity, Relation
from medtune.errors import InputError
from medtune.kinds.relations.matching import CLASSES, CORRECT
from medtune.kinds.relations.output import write_output
from medtune.studies.relations.answers import read_answers
from medtune.studies.relations.examples import KINDS, NOTHING_TO_FIND, RIGHT, classified, draw, write_examples
from medtune.studies.relations.rows import row_of
from medtune.studies.relations.runs import Labels
from medtune.studies.relations.schema_file import read_schema
from tests.unit.relations_study import answers, made_rows, prediction, schema_file, task

RULES = {"deduplicate": False, "drop_violations": False}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Test rows, predictions with errors of all kinds, and the schema."""
    folder = tmp_path_factory.mktemp("relations")
    rows = made_rows(60)
    return rows["test"], answers(rows, task(folder), 0.5, repeats=0.2, broken=0.1), read_schema(schema_file(folder))


def page_of(path, rows, predictions, schema, most=12, seed=0, labels=None):
    write_examples(path, rows, predictions, schema, "default", labels or Labels(), most=most, seed=seed, **RULES)
    return path.read_text(encoding="utf-8")


def cases_of(rows, predictions, schema):
    of_test = [one for one in predictions if one["split"] == "test"]
    found = read_answers({"test": rows}, of_test, schema, **RULES)["test"]
    return [classified(answer, schema, concepts=False) for answer in found]


def test_right_documents_and_every_class_of_error_are_drawn_while_there_are_such(study):
    cases = cases_of(*study)
    drawn = draw(cases, 12, seed=0)
    kinds = [kind for kind, _ in drawn]
    assert {RIGHT, NOTHING_TO_FIND, *CLASSES} - {CORRECT} <= set(kinds)
    assert kinds == sorted(kinds, key=KINDS.index) and len(drawn) == 12
    assert len({case.answer.document.id for _, case in drawn}) == 12
    assert all(kind in case.kinds for kind, case in drawn)


def test_the_draw_hangs_on_the_seed_alone(study):
    cases = cases_of(*study)
    names = [[case.answer.document.id for _, case in draw(cases, 12, seed)] for seed in (0, 0, 1)]
    assert names[0] == names[1] != names[2]


def test_no_more_are_drawn_than_there_are(study):
    cases = cases_of(*study)[:5]
    assert len(draw(cases, 12, seed=0)) == 5 and draw([], 3, seed=0) == []


def test_the_page_names_each_example_and_is_the_same_each_time(study, tmp_path):
    page = page_of(tmp_path / "a.html", *study)
    assert page.count("<article>") == 12 and "12 of 60 documents" in page
    assert page.count("<h3>Gold</h3>") == page.count("<h3>Predicted</h3>") == 12
    assert re.search(r"<h2>[^<]*: wrong direction</h2>", page) and re.search(r"<h2>[^<]*: all right</h2>", page)
    assert "the output is not json" in page_of(tmp_path / "all.html", *study, most=60)
    assert page == page_of(tmp_path / "b.html", *study)


def test_the_caption_of_a_proxy_is_on_the_page(study, tmp_path):
    page = page_of(tmp_path / "a.html", *study, labels=Labels("BioRED (proxy)", "A proxy & no more."))
    assert "labels: BioRED (proxy). A proxy &amp; no more." in page
    assert "labels" not in page_of(tmp_path / "b.html", *study).split("</h1>")[0]


TEXT = "Aspirin treats gout. ASA (aspirin) <b>helps</b> in gout."


def gold_document(concepts):
    places = [("Aspirin", "Drug", "C1"), ("gout", "Disease", "D1"), ("ASA", "Drug", "C1")]
    entities = tuple(
        RelatedEntity(TEXT.index(text), TEXT.index(text) + len(text), label, text, (concept,) if concepts else ())
        for text, label, concept in places
    )
    ends = ("C1", "D1") if concepts else (0, 1)
    return RelatedDocument("d1", TEXT, entities, (Relation("treats", *ends),))


def one_page(tmp_path, study, output, concepts=False):
    row = row_of(gold_document(concepts))
    predictions = [prediction(task(tmp_path), "test", row, output)]
    return page_of(tmp_path / "page.html", [row], predictions, study[2])


def test_gold_and_predicted_relations_say_what_became_of_them(study, tmp_path):
    turned = write_output(gold_document(False)).replace(
        '{"head":"Aspirin","type":"treats","tail":"gout"}',
        ",".join(['{"head":"gout","type":"treats","tail":"Aspirin"}'] * 3),
    )
    page = one_page(tmp_path, study, turned)
    assert "<li>Aspirin (Drug) → <b>treats</b> → gout (Disease): wrong direction</li>" in page
    assert "<li>gout (Disease) → <b>treats</b> → Aspirin (Drug): wrong direction, 3 times</li>" in page
    assert "<b>helps" not in page


def test_what_has_no_place_in_the_text_is_told_below(study, tmp_path):
    output = (
        '{"entities":[{"text":"Aspirin","type":"Drug"},{"text":"zebra","type":"Beast"}],'
        '"relations":[{"head":"Aspirin","type":"treats","tail":"zebra"},{"head":"Aspirin","type":"eats","tail":"Aspirin"}]}'
    )
    page = one_page(tmp_path, study, output)
    assert "zebra&#34; (unknown type) is not in the text" in page
    assert "Aspirin treats zebra: wrong argument, with an argument that is not in the text" in page
    assert "unknown type: 0 gold, 1 predicted" in page


@pytest.mark.parametrize(("tail", "kind"), [("gout", "correct"), ("Aspirin", "wrong argument")])
def test_relations_between_concepts_join_their_nearest_mentions(study, tmp_path, tail, kind):
    output = (
        '{"entities":[{"text":"Aspirin","type":"Drug"},{"text":"gout","type":"Disease"},{"text":"ASA","type":"Drug"}],'
        f'"relations":[{{"head":"ASA","type":"treats","tail":"{tail}"}}]}}'
    )
    page = one_page(tmp_path, study, output, concepts=True)
    assert f"<li>ASA (Drug) → <b>treats</b> → {tail} ({'Disease' if tail == 'gout' else 'Drug'}): {kind}</li>" in page
    # Both mentions of the drug are gold ones; the second is nearer to the disease.
    assert f"<li>ASA (Drug) → <b>treats</b> → gout (Disease): {kind}</li>" in page


def test_ten_thousand_repeats_make_one_arrow(study, tmp_path):
    repeated = write_output(gold_document(False)).replace(
        "]}", "," + ",".join(['{"head":"Aspirin","type":"treats","tail":"gout"}'] * 9_999) + "]}"
    )
    page = one_page(tmp_path, study, repeated)
    assert "correct, 10000 times" in page and len(page) < 20_000


def test_predictions_of_other_documents_are_refused(study, tmp_path):
    rows, predictions, schema = study
    with pytest.raises(InputError, match="is not in the data of split test"):
        page_of(tmp_path / "page.html", rows[1:], predictions, schema)
