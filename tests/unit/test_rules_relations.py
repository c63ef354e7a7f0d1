"""Rules for relations: the most frequent relation of two types."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medtune.kinds.relations.task import RelationTask
from medtune.methods.rules.fitting import fit
from medtune.methods.rules.relations import PairType, pairs

TASK = RelationTask(
    "treats",
    "Text: {text}\n",
    ("Drug", "Sign"),
    {
        "treats": {"heads": ["Drug"], "tails": ["Sign"]},
        "causes": {"heads": ["Drug"], "tails": ["Sign"]},
        "interacts": {"heads": ["Drug"], "tails": ["Drug"], "symmetric": True},
    },
)
TYPES = {"aspirin": "Drug", "heparin": "Drug", "warfarin": "Drug", "gout": "Sign", "pain": "Sign"}


def example(identifier, text, *relations):
    """Every word of `TYPES` is an entity, once; relations by words."""
    entities = sorted(
        (
            {"start": text.index(w), "end": text.index(w) + len(w), "type": t, "text": w}
            for w, t in TYPES.items()
            if w in text
        ),
        key=lambda entity: entity["start"],
    )
    places = {entity["text"]: place for place, entity in enumerate(entities)}
    related = [{"head": places[head], "tail": places[tail], "type": name} for head, name, tail in relations]
    return {"id": identifier, "text": text, "entities": entities, "relations": related}


def answer(text, *train, within="sentence"):
    rules = fit("relations", TASK, train, {"within": within})
    return rules, rules.answer([{"id": "x", "text": text}])[0]


def related(text, *train, within="sentence"):
    fields = answer(text, *train, within=within)[1].fields
    words = [entity["text"] for entity in fields["entities"]]
    return [(words[one["head"]], one["type"], words[one["tail"]]) for one in fields["relations"]]


TREATS = ("aspirin", "treats", "gout")
MOSTLY = [
    example("a", "aspirin for gout", TREATS),
    example("b", "aspirin for gout", TREATS),
    example("c", "aspirin and gout", ("aspirin", "causes", "gout")),
]


def test_two_types_have_their_most_frequent_relation_within_a_sentence():
    assert related("Aspirin for gout. Aspirin again.", *MOSTLY) == [("Aspirin", "treats", "gout")]


def test_pairs_that_are_related_half_the_time_or_less_are_not_related():
    assert related("aspirin gout", *MOSTLY, example("d", "aspirin without gout")) == []


def test_the_order_in_the_text_is_part_of_the_pair():
    assert related("gout after aspirin", *MOSTLY) == []
    assert related("aspirin for gout", *MOSTLY) == [TREATS]


def test_relations_across_sentences_are_counted_not_learnt():
    rules, _ = answer("aspirin", example("a", "Aspirin was given. He had gout.".replace("A", "a"), TREATS))
    assert (rules.record["across_sentences"], rules.record["pairs"]) == (1, [])


def test_a_symmetric_relation_is_given_once():
    train = [
        example("a", "aspirin with heparin", ("aspirin", "interacts", "heparin")),
        example("b", "aspirin with heparin", ("heparin", "interacts", "aspirin")),
        example("c", "warfarin alone"),
    ]
    assert related("heparin or warfarin", *train) == [("heparin", "interacts", "warfarin")]


def test_a_distance_is_learnt_where_near_pairs_are_related_and_far_ones_are_not():
    near = [example(str(n), "aspirin: gout", TREATS) for n in range(3)]
    far = [example(f"far {n}", f"aspirin {'and so on ' * 5}gout") for n in range(4)]
    assert related("aspirin: gout", *near, *far) == []
    rules, found = answer("aspirin: gout", *near, *far, within="distance")
    assert [pair["reach"] for pair in rules.record["pairs"]] == [2]
    assert len(found.fields["relations"]) == 1
    assert related("aspirin, or not, gout", *near, *far, within="distance") == []


def test_a_distance_goes_across_sentences():
    train = [example(str(n), "aspirin. Then gout", TREATS) for n in range(3)]
    assert related("aspirin. Then gout", *train) == []
    assert related("aspirin. Then gout", *train, within="distance") == [TREATS]


def test_the_confidence_is_the_least_precision_of_all_that_was_used():
    rules, found = answer("aspirin for gout", *MOSTLY)
    rule = rules.record["pairs"][0]
    assert rule["precision"] == pytest.approx(2 / 3, abs=1e-6)
    assert found.confidence == pytest.approx(2 / 3) and min(found.parts) > 2 / 3
    assert answer("nothing", *MOSTLY)[1].confidence is None


@pytest.mark.parametrize("within_sentence", [False, True])
def test_pairs_are_those_within_reach(within_sentence):
    text = "aspirin and heparin for gout. Then pain, warfarin."
    entities = example("a", text)["entities"]
    reach = {PairType("Drug", "Sign", True): 12, PairType("Sign", "Drug", False): 5, PairType("Sign", "Sign", True): 50}
    found = {
        (entities[one.head]["text"], entities[one.tail]["text"])
        for one in pairs(text, entities, reach, within_sentence)
    }
    # "aspirin" is 17 characters before "gout".
    assert found == {("heparin", "gout"), ("gout", "heparin")} | (set() if within_sentence else {("gout", "pain")})


words = st.lists(st.sampled_from([*TYPES, "and", ".", "Then"]), min_size=1, max_size=8, unique=True)


@settings(max_examples=40, deadline=None)
@given(st.lists(words, min_size=1, max_size=4), words, st.sampled_from(["sentence", "distance"]), st.randoms())
def test_relations_are_between_different_entities_of_the_text_and_allowed(train, asked, within, random):
    rows = []
    for number, found in enumerate(train):
        row = example(str(number), " ".join(found))
        pairs = [
            (head, tail, name)
            for head, one in enumerate(row["entities"])
            for tail, other in enumerate(row["entities"])
            for name in ("treats", "causes", "interacts")
            if head != tail and TASK.schema.allows(name, one["type"], other["type"])
        ]
        chosen = random.sample(pairs, random.randint(0, len(pairs)))
        row["relations"] = [{"head": head, "tail": tail, "type": name} for head, tail, name in chosen]
        rows.append(row)
    text = " ".join(asked)
    fields = answer(text, *rows, within=within)[1].fields
    assert answer(text, *rows, within=within)[1].fields == fields
    for relation in fields["relations"]:
        head, tail = (fields["entities"][relation[side]] for side in ("head", "tail"))
        assert relation["head"] != relation["tail"]
        assert TASK.schema.allows(relation["type"], head["type"], tail["type"])
