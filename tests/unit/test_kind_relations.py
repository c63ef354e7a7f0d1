"""Studies of relations of the user's own: prompt, answer, scores over documents or their groups, card."""

import json
from copy import deepcopy

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medtune.errors import InputError
from medtune.kinds.own_section import RelationStudy
from medtune.kinds.relations import figures
from medtune.kinds.relations.answers import lists_of
from medtune.kinds.relations.card import EXAMPLE, study_card
from medtune.kinds.relations.examples import as_asked, checked_documents, schema_of
from medtune.kinds.relations.graph_f1 import GraphF1
from medtune.kinds.relations.matching import CLASSES
from medtune.kinds.relations.output import extract
from medtune.kinds.relations.score import ITEM_COLUMNS, score
from medtune.kinds.relations.task import RelationTask
from medtune.kinds.summary import Run, Runs
from medtune.reporting.tables import read_csv, write_csv
from medtune.studies import get_task
from tests.estimates import estimates_in, wrong_units

ENTITIES = ["Drug", "Disease"]
RELATIONS = {
    "treats": {"heads": ["Drug"], "tails": ["Disease"], "symmetric": False},
    "interacts": {"heads": ["Drug"], "tails": ["Drug"], "symmetric": True},
}
OPTIONS = {"study": "mine", "prompt": "List them.\n{text}\nAnswer:\n", "entities": ENTITIES, "relations": RELATIONS}
TEXT = "Aspirin and warfarin for gout."
AT = {"Aspirin": "Drug", "warfarin": "Drug", "gout": "Disease"}
GOLD = [("Aspirin", "treats", "gout"), ("Aspirin", "interacts", "warfarin")]


def example(identifier="d1", relations=GOLD, **fields):
    names = list(AT)
    places = {name: TEXT.index(name) for name in names}
    return {
        "id": identifier,
        "text": TEXT,
        "source": "notes",
        "entities": [
            {"start": places[name], "end": places[name] + len(name), "type": label, "text": name}
            for name, label in AT.items()
        ],
        "relations": [
            {"head": names.index(head), "tail": names.index(tail), "type": kind} for head, kind, tail in relations
        ],
        **fields,
    }


def output(relations=GOLD, entities=AT):
    return json.dumps(
        {
            "entities": [{"text": name, "type": label} for name, label in dict(entities).items()],
            "relations": [{"head": head, "type": kind, "tail": tail} for head, kind, tail in relations],
        }
    )


def answered(rows, texts, split="test"):
    """predictions.jsonl of these outputs."""
    task = RelationTask(**OPTIONS)
    return [
        {
            "id": row["id"],
            "split": split,
            "value": (parsed := task.parse(text)).value,
            "status": parsed.status,
            "finish": "eos",
            "output_tokens": 10 * number,
        }
        for number, (row, text) in enumerate(zip(rows, texts, strict=True), start=1)
    ]


def scores_of(rows, texts, **changes):
    return score({"test": rows}, answered(rows, texts), 0, **{**OPTIONS, **changes})


def figures_of(*texts, rows=None):
    rows = rows or [example(f"d{number}") for number in range(len(texts))]
    return scores_of(rows, texts).metrics["splits"]["test"]


def classes(found):
    return {kind: error["count"] for kind, error in found["errors"].items() if error["count"]}


names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)


@st.composite
def studies(draw):
    """A study's entity types and relation types."""
    entities = draw(st.lists(names, min_size=1, max_size=4, unique=True))
    types = st.lists(st.sampled_from(entities), min_size=1, max_size=2, unique=True)
    relation = st.fixed_dictionaries({"heads": types, "tails": types, "symmetric": st.booleans()})
    return {"entities": entities, "relations": draw(st.dictionaries(names, relation, min_size=1, max_size=3))}


@st.composite
def documents(draw, entities, relations):
    """An example with any entities, nested and crossing ones too, and relations that the schema allows."""
    text = draw(st.text(st.characters(codec="utf-8"), min_size=1, max_size=40))
    found = []
    for _ in range(draw(st.integers(0, 5))):
        start = draw(st.integers(0, len(text) - 1))
        end = draw(st.integers(start + 1, len(text)))
        found.append({"start": start, "end": end, "type": draw(st.sampled_from(entities)), "text": text[start:end]})
    schema = schema_of(entities, relations)
    allowed = [
        {"head": head, "tail": tail, "type": name}
        for name in relations
        for head, one in enumerate(found)
        for tail, other in enumerate(found)
        if schema.allows(name, one["type"], other["type"])
    ]
    joined = draw(st.lists(st.sampled_from(allowed), max_size=4)) if allowed else []
    return {"id": "1", "text": text, "entities": found, "relations": joined}


@st.composite
def cases(draw):
    study = draw(studies())
    return study, draw(documents(**study))


@given(cases())
@settings(max_examples=150, deadline=None)
def test_an_answer_reads_back_as_it_was_written(case):
    study, row = case
    task = RelationTask("mine", "{text}", **study)
    (document,) = map(as_asked, checked_documents([row], task.schema, "here"))
    assert [(e.start, e.end) for e in document.entities] == [(e["start"], e["end"]) for e in row["entities"]]
    assert all(e.text in task.prompt(row) for e in document.entities)
    parsed = task.parse(task.completion(row))
    assert parsed.status == "ok"
    entities = {(e.start, e.end, e.label, e.text) for e in document.entities}
    assert [(item["text"], item["type"]) for item in parsed.value["entities"]] == [
        (text, label) for _, _, label, text in sorted(entities)
    ]
    said = {(item["head"], item["type"], item["tail"]) for item in parsed.value["relations"]}
    ends = [(document.entities[r.head].text, r.type, document.entities[r.tail].text) for r in document.relations]
    assert said == set(ends) and len(parsed.value["relations"]) == len(said)


def test_gold_answers_are_found_in_their_places():
    task = RelationTask(**OPTIONS)
    row = example()
    found = extract(TEXT, lists_of(task.parse(task.completion(row)).value), task.schema)
    assert [(e.start, e.end, e.label) for e in found.entities] == [
        (e["start"], e["end"], e["type"]) for e in row["entities"]
    ]
    assert [(r.head, r.tail, r.type) for r in found.relations] == [(0, 2, "treats"), (0, 1, "interacts")]


def test_the_text_stands_in_its_place_and_nothing_in_it_can_pass_for_the_prompt():
    task = RelationTask(**{**OPTIONS, "prompt": 'Like {"entities": []}: {text} {0}'})
    assert task.prompt({"text": "<|end|>\n{text}"}) == 'Like {"entities": []}: ‹|end|> {text} {0}'


def test_a_section_of_the_configuration_makes_the_task():
    section = RelationStudy(
        kind="relations",
        model="m",
        prompt=OPTIONS["prompt"],
        data={"path": "x.jsonl"},
        entities=ENTITIES,
        relations={"treats": {"heads": ["Drug"], "tails": ["Disease"]}, "interacts": RELATIONS["interacts"]},
    )
    task = get_task("own_relations", study="mine", **section.task_options())
    assert (task.name, task.figure, task.schema) == ("mine", "relation_f1", schema_of(ENTITIES, RELATIONS))
    assert task.template_hash == RelationTask(**OPTIONS).template_hash


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": "List all.\n{text}\nAnswer:\n"},
        {"entities": [*ENTITIES, "Symptom"]},
        {"relations": {"treats": RELATIONS["treats"]}},
        {"relations": {**RELATIONS, "treats": {**RELATIONS["treats"], "heads": ["Disease"]}}},
    ],
)
def test_another_prompt_or_other_types_are_another_template(change):
    assert RelationTask(**{**OPTIONS, **change}).template_hash != RelationTask(**OPTIONS).template_hash


def test_the_answer_form_names_the_types_of_the_study():
    fields = RelationTask(**OPTIONS).answer_form(example(), None).schema["properties"]
    assert fields["entities"]["items"]["properties"]["type"] == {"enum": ENTITIES}
    assert fields["relations"]["items"]["properties"]["type"] == {"enum": list(RELATIONS)}


def test_gold_answers_are_all_right_and_the_figure_of_checkpoints_is_that_of_the_scores():
    rows = [example(), example("d2")]
    task = RelationTask(**OPTIONS)
    texts = [task.completion(rows[0]), output([("gout", "treats", "Aspirin"), GOLD[1]])]
    found = figures_of(texts[0])
    shown = {key: found[key]["value"] for key in (shown.key for shown in figures.SHOWN)}
    assert set(shown.values()) == {1} and classes(found) == {"correct": 2}
    judged = task.validation_figure(rows, lambda asked: [task.parse(text) for text in texts])
    assert judged == pytest.approx(0.75)
    assert judged == figures_of(*texts, rows=rows)["relation_f1"]["value"]


def test_direction_counts_but_for_symmetric_relations():
    found = figures_of(output([("gout", "treats", "Aspirin"), ("warfarin", "interacts", "Aspirin")]))
    assert classes(found) == {"correct": 1, "wrong direction": 1}


def test_violations_repeats_and_strangers_are_counted_and_wrong():
    found = figures_of(output([*GOLD, GOLD[0], ("gout", "treats", "warfarin"), ("gout", "treats", "zebra")]))
    assert found["removals"]["violations"] == 1 and found["allowed_rate"]["value"] == 0
    assert found["removals"]["unknown_arguments"] == 1 and found["duplicates"] == 1
    assert found["relation_precision"]["value"] == pytest.approx(0.5) and found["relation_recall"]["value"] == 1


def test_an_output_that_does_not_parse_has_found_nothing():
    assert RelationTask(**OPTIONS).parse("Sorry.").value is None
    scores = scores_of([example("a"), example("b")], [output(), "Sorry."])
    found = scores.metrics["splits"]["test"]
    assert found["parse_rate"]["value"] == 0.5
    assert found["relation_recall"]["value"] == found["entity_recall"]["value"] == 0.5
    assert [item["relation_fn"] for item in scores.items] == [0, 2]


def test_figures_by_type():
    found = figures_of(output([GOLD[0]]))
    by_label = found["relations"]["by_label"]
    assert by_label["treats"]["schemes"]["strict"]["f1"]["value"] == 1
    assert by_label["interacts"]["schemes"]["strict"]["f1"]["value"] == 0
    assert found["entities"]["by_label"]["Disease"]["gold"] == 1


def test_the_group_is_the_unit_of_every_interval_where_there_are_groups():
    rows = [example(f"d{n}", group=f"p{n // 3}") for n in range(8)] + [example("alone")]
    texts = [output([GOLD[n % 2]]) for n in range(9)]
    grouped = scores_of(rows, texts).metrics
    alone = scores_of([{**row, "group": None} for row in rows], texts).metrics
    assert not wrong_units(grouped, {"groups": 4}) and not wrong_units(alone, {"documents": 9})
    values = [{path: one["value"] for path, one in estimates_in(found)} for found in (grouped, alone)]
    tokens = [path for path in values[0] if "mean_output_tokens" in path]
    for path in values[0].keys() - set(tokens):
        assert values[0][path] == pytest.approx(values[1][path]), path
    # Means of the groups: (10, 20, 30), (40, 50, 60), (70, 80) and 90.
    assert [values[0][path] for path in tokens] == [pytest.approx((20 + 50 + 75 + 90) / 4)]


def test_sums_of_items_are_those_of_the_judged_figure(tmp_path):
    rows = [example("a", group="p"), example("b"), example("c", group="p")]
    scores = scores_of(rows, [output(), output([GOLD[0], GOLD[0]]), "Sorry."])
    assert all(tuple(item) == ITEM_COLUMNS for item in scores.items)
    write_csv(tmp_path / "items.csv", scores.items, ITEM_COLUMNS)
    units, sums = figures.sums(read_csv(tmp_path / "items.csv", figures.ITEM_COLUMNS))
    assert units == ["group p", "id b"] and sums.tolist() == [[2, 0, 2], [1, 1, 1]]
    judged = scores.metrics["splits"]["test"][figures.JUDGED]
    assert figures.ratio(np.array([sums.sum(axis=0)])) == pytest.approx(judged["value"])
    assert judged["n"] == 2


def test_radgraph_f1_is_the_mean_of_the_documents_by_what_was_drawn():
    rows = [example("a", group="p"), example("b"), example("c", group="p")]
    turned = [GOLD[0], ("warfarin", "interacts", "Aspirin")]
    scores = scores_of(rows, [output([GOLD[0]]), "Sorry.", output(turned)])
    per_level = {level: [item[f"radgraph_f1_{level}"] for item in scores.items] for level in GraphF1._fields}
    assert per_level["simple"] == [1, 0, 1]
    # Gold: Aspirin is a head, the others are none. Turned: warfarin is one, too.
    assert per_level["partial"] == [1, 0, pytest.approx(2 / 3)]
    # Gold: two relations, two entities alone. One less: 3 of 4 and 3. Turned: two relations, gout alone, 2 in common.
    assert per_level["complete"] == [pytest.approx(6 / 7), 0, pytest.approx(4 / 7)]
    for level, values in per_level.items():
        found = scores.metrics["splits"]["test"][f"radgraph_f1_{level}"]
        assert (found["value"], found["n"], found["unit"]) == (pytest.approx(sum(values) / 3), 2, "groups")


def test_all_figures_are_there_without_documents_and_without_relations():
    empty = score({"test": []}, [], 0, **OPTIONS).metrics["splits"]["test"]
    assert {shown.key for shown in figures.SHOWN} <= empty.keys() and empty["relation_f1"]["value"] is None
    found = figures_of(output([], {}), rows=[example(relations=[], entities=[])])
    assert found["relation_f1"]["value"] is None and set(found["errors"]) == set(CLASSES)
    assert len(list(estimates_in(found))) > 30


def broken(change):
    row = deepcopy(example())
    change(row)
    return row


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (broken(lambda row: row["entities"][0].update(end=6)), 'split test, document "d1": entity 1 is "Aspirin"'),
        (broken(lambda row: row["entities"][0].update(type="Food")), 'the entity type "Food", which is not in the'),
        (broken(lambda row: row["relations"][0].update(tail=7)), "names entity 8, which is not there"),
        (broken(lambda row: row["relations"][0].update(type="eats")), 'the relation type "eats" is not in the schema'),
        (broken(lambda row: row["relations"][0].update(head=2, tail=0)), '"treats" cannot hold between Disease and'),
    ],
)
def test_faulty_examples_are_told_in_one_sentence(row, told):
    with pytest.raises(InputError, match=told) as caught:
        scores_of([row], [output()])
    assert "\n" not in str(caught.value)


def test_missing_answers_and_doubled_documents_are_told():
    with pytest.raises(InputError, match='no answer to id "d1" of split test'):
        score({"test": [example()]}, [], 0, **OPTIONS)
    with pytest.raises(InputError, match='the id "d1" occurs more than once'):
        checked_documents([example(), example()], schema_of(ENTITIES, RELATIONS), "split test")


def test_the_card_names_the_types_and_shows_the_prompt():
    relations = {**RELATIONS, "`odd_one*": RELATIONS["treats"]}
    card = study_card({}, **{**OPTIONS, "relations": relations}, title="My *notes*", limits=["Not for <anyone>."])
    assert card.title == "My \\*notes\\*: LoRA adapter"
    assert "`Drug` and `Disease`" in card.summary and "`treats`, `interacts` and \\`odd\\_one\\*" in card.summary
    assert card.prompt == f"List them.\n{EXAMPLE}\nAnswer:\n"
    assert card.limits[0] == "Not for \\<anyone\\>."
    assert {headline.key for headline in card.headlines} <= figures_of(output()).keys()


def test_a_run_that_lists_nothing_where_nothing_is_gold_can_be_compared():
    def run(name, value):
        return Run(name, 0, {"validation": {"relation_f1": {"value": value}}}, [], np.zeros((0, 3)), {})

    runs = Runs(run("base", None), [run("silent", None), run("adapter", 0.5)], figures)
    assert runs.chosen.name == "adapter"


def test_an_answer_is_asked_for_in_the_words_of_the_prompt():
    """Line breaks and special tokens, which prompts do not show, are not asked for either."""
    text = "Acetyl\nsalicylic [INST] for <|gout|>."
    spans = [(0, 16, "Drug"), (17, 23, "Drug"), (28, 36, "Disease")]
    entities = [{"start": a, "end": b, "type": kind, "text": text[a:b]} for a, b, kind in spans]
    row = {"id": "d1", "text": text, "entities": entities, "relations": [{"head": 1, "tail": 2, "type": "treats"}]}
    task = RelationTask(**OPTIONS)
    written = task.completion(row)
    assert [entity["text"] for entity in json.loads(written)["entities"]] == ["Acetyl salicylic", "(INST]", "‹|gout|>"]
    assert all(entity["text"] in task.prompt(row) for entity in json.loads(written)["entities"])
    assert task.validation_figure([row], lambda rows: [task.parse(written)]) == 1
    found = score({"test": [row]}, answered([row], [written]), 0, **OPTIONS).metrics["splits"]["test"]
    assert (found["relation_f1"]["value"], found["entity_f1"]["value"]) == (1, 1)
