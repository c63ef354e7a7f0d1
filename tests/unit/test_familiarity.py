"""Figures of terms that stand in the training text apart from those of held-out ones."""

from medtune.data.related import RelatedDocument, RelatedEntity, Relation
from medtune.data.relation_schema import STUDY_SCHEMA
from medtune.metrics.span_scores import score_spans
from medtune.studies.relations.answers import read_answers
from medtune.studies.relations.familiarity import SEEN, UNSEEN, entity_texts, split_entities, split_relations
from medtune.studies.relations.rows import row_of

TEXT = "Aspirin treats gout. Zetamab treats gout. Zetamab treats sprue."
#      0       8      15    21      29     36    42      50     57


def made(text, label, start):
    return RelatedEntity(start, start + len(text), label, text)


DOCUMENT = RelatedDocument(
    "d",
    TEXT,
    (
        made("Aspirin", "Drug", 0),
        made("gout", "Disease", 15),
        made("Zetamab", "Drug", 21),
        made("gout", "Disease", 36),
        made("Zetamab", "Drug", 42),
        made("sprue", "Disease", 57),
    ),
    (Relation("treats", 0, 1), Relation("treats", 2, 3), Relation("treats", 4, 5)),
)
TRAINING = RelatedDocument("t", "ASPIRIN for gout", (made("ASPIRIN", "Drug", 0), made("gout", "Disease", 12)))
KNOWN = entity_texts([TRAINING])


def answered(*relations, spurious=()):
    """The answer that lists these relations, and their entities, besides `spurious` ones."""
    labels = {"Aspirin": "Drug", "Zetamab": "Drug", "gout": "Disease", "sprue": "Disease"}
    terms = [*(term for pair in relations for term in pair), *spurious]
    value = {
        "entities": [{"text": term, "type": labels.get(term, "Disease")} for term in terms],
        "relations": [{"head": head, "type": "treats", "tail": tail} for head, tail in relations],
    }
    prediction = {"id": "d", "split": "test", "value": value, "status": "ok", "finish": "stop", "output_tokens": 9}
    read = read_answers(
        {"test": [row_of(DOCUMENT)]}, [prediction], STUDY_SCHEMA, deduplicate=False, drop_violations=False
    )
    return read["test"]


def counted(counts):
    scores = score_spans(counts)
    return scores.gold, scores.predicted


def test_an_entity_counts_by_its_own_text_gold_or_predicted_right_or_wrong():
    assert KNOWN == ["aspirin", "gout"]
    found = split_entities(answered(("Aspirin", "gout"), spurious=("treats",)), KNOWN)
    assert counted(found[SEEN]) == (3, 2)
    assert counted(found[UNSEEN]) == (3, 1)


def test_a_relation_is_held_out_where_one_of_its_entities_is():
    found = split_relations(answered(("Aspirin", "gout")), KNOWN, ())
    assert found[SEEN].tolist() == [[1, 0, 0]] and found[UNSEEN].tolist() == [[0, 0, 2]]
    # The first Zetamab of the text, which is not the one of that relation.
    found = split_relations(answered(("Zetamab", "sprue")), KNOWN, ())
    assert found[SEEN].tolist() == [[0, 0, 1]] and found[UNSEEN].tolist() == [[0, 1, 2]]
