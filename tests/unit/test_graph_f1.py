"""RadGraph F1: hand-made cases, and the figures of its authors' package where that is installed."""

from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medtune.data.listed_entities import FoundEntity
from medtune.data.related import RelatedDocument, RelatedEntity, Relation
from medtune.files import write_json
from medtune.kinds.relations.examples import document_of
from medtune.kinds.relations.graph_f1 import GraphEntity, GraphF1, found_graph, gold_graph, graph_f1
from medtune.kinds.relations.output import Extraction, Removals
from medtune.studies.radgraph.generator import make_corpus
from medtune.studies.radgraph.plain_examples import plain_examples

PACKAGE = find_spec("radgraph")
needs_package = pytest.mark.skipif(
    PACKAGE is None, reason="needs the package radgraph (pip install --no-deps radgraph==0.1.18)"
)
EFFUSION = GraphEntity("effusion", "OBS-DP", (("located_at", 2),))
SMALL = GraphEntity("small", "OBS-DP", (("modify", 0),))
BASE = GraphEntity("left base", "ANAT-DP")
GOLD = [EFFUSION, SMALL, BASE]


def layout(graph):
    """A graph in RadGraph's layout, as the package takes it."""
    return {
        "entities": {
            str(place): {
                "tokens": entity.words,
                "label": entity.label,
                "relations": [[name, str(tail)] for name, tail in entity.relations],
            }
            for place, entity in enumerate(graph)
        }
    }


@pytest.fixture(scope="module")
def compute_reward():
    """The package's function, without its models and what these import."""
    spec = spec_from_file_location("radgraph_rewards", Path(PACKAGE.origin).with_name("rewards.py"))
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.compute_reward


@pytest.mark.parametrize(
    ("predicted", "wanted"),
    [
        (GOLD, (1, 1, 1)),
        # Another place, and said twice: neither counts.
        (
            [
                BASE,
                GraphEntity("effusion", "OBS-DP", (("located_at", 0),)),
                GraphEntity("small", "OBS-DP", (("modify", 1),)),
                BASE,
            ],
            (1, 1, 1),
        ),
        # A relation less: its head is there, but as one without.
        ([EFFUSION, GraphEntity("small", "OBS-DP"), BASE], (1, 2 / 3, 2 / 3)),
        # Another type of relation, another tail: related all the same.
        ([EFFUSION, GraphEntity("small", "OBS-DP", (("suggestive_of", 0),)), BASE], (1, 1, 2 / 3)),
        ([EFFUSION, GraphEntity("small", "OBS-DP", (("modify", 2),)), BASE], (1, 1, 2 / 3)),
        # Another label: of the entity at all levels, and of a tail at none but its own.
        ([GraphEntity("effusion", "OBS-U", (("located_at", 2),)), SMALL, BASE], (2 / 3, 2 / 3, 2 / 3)),
        # Two relations of one head are two things to find, so that 3 of 4 and of 3 are common.
        ([EFFUSION, GraphEntity("small", "OBS-DP", (("modify", 0), ("modify", 2))), BASE], (1, 1, 6 / 7)),
        # Case counts but in relations.
        ([GraphEntity("Effusion", "OBS-DP", (("located_at", 2),)), SMALL, BASE], (2 / 3, 2 / 3, 1)),
        ([BASE], (1 / 2, 1 / 2, 1 / 2)),
        ([], (0, 0, 0)),
    ],
)
def test_the_three_levels(predicted, wanted):
    assert graph_f1(GOLD, predicted) == pytest.approx(wanted)
    assert graph_f1(predicted, GOLD) == pytest.approx(wanted)


def test_two_empty_annotations_score_nothing():
    assert graph_f1([], []) == GraphF1(0, 0, 0)


def test_graphs_of_a_document_and_of_an_answer():
    text = "Small  effusion and effusion ."
    spans = [(0, 5), (7, 15), (0, 5), (20, 28)]
    entities = tuple(RelatedEntity(start, end, "OBS-DP", text[start:end]) for start, end in spans)
    related = (Relation("modify", 2, 1), Relation("modify", 0, 3))
    # What is annotated twice is one entity, with the relations of both.
    wanted = [
        GraphEntity("Small", "OBS-DP", (("modify", 1), ("modify", 2))),
        GraphEntity("effusion", "OBS-DP"),
        GraphEntity("effusion", "OBS-DP"),
    ]
    assert gold_graph(RelatedDocument("1", text, entities, related)) == wanted
    # What is said in another case is the text's; what is not in it stays as it was said.
    said = [FoundEntity("SMALL", "OBS-DP", 0, 5), FoundEntity("old\neffusion", "OBS-DP", None, None)]
    found = found_graph(Extraction(tuple(said), (Relation("modify", 0, 1),), Removals()), text)
    assert found == [GraphEntity("Small", "OBS-DP", (("modify", 1),)), GraphEntity("old effusion", "OBS-DP")]


@st.composite
def graphs(draw):
    words = draw(st.lists(st.tuples(st.sampled_from(["Heart", "heart", "fluid"]), st.sampled_from("AB")), max_size=5))
    tails = st.lists(st.tuples(st.sampled_from(["modify", "located_at"]), st.integers(0, len(words) - 1)), max_size=3)
    return [GraphEntity(text, label, tuple(draw(tails))) for text, label in words] if words else []


@needs_package
@given(graphs(), graphs())
def test_all_levels_are_those_of_the_package(compute_reward, gold, predicted):
    assert graph_f1(gold, predicted) == pytest.approx(compute_reward(layout(predicted), layout(gold), "all"))


@needs_package
def test_reports_in_its_layout_score_as_in_the_package(compute_reward, tmp_path):
    """Each reader's annotation of each report against the other's of all: the package takes the file's records."""
    reports = make_corpus({"test": 12}, 3)["test"]
    readers = ("labeler_1", "labeler_2")
    records = {name: {key: {"text": one["text"], **one[name]} for key, one in reports.items()} for name in readers}
    graphs_of = {}
    for name in readers:
        write_json(tmp_path / f"{name}.json", records[name])
        rows = [
            {**row, "entities": [{**e, "text": row["text"][e["start"] : e["end"]]} for e in row["entities"]]}
            for row in plain_examples(tmp_path / f"{name}.json", "relations")
        ]
        graphs_of[name] = {row["id"]: gold_graph(document_of(row)) for row in rows}
    levels = set()
    for one in reports:
        for other in reports:
            found = graph_f1(graphs_of["labeler_1"][one], graphs_of["labeler_2"][other])
            wanted = compute_reward(records["labeler_2"][other], records["labeler_1"][one], "all")
            assert found == pytest.approx(wanted), (one, other)
            levels.add(tuple(round(value, 6) for value in found))
    assert sum(len(set(found)) > 1 for found in levels) > 10
