"""Clinical prose, and lists of what it names and relates, for pre-training the made tiny model of the relations study.

Words and frames are those of the synthetic documents in their easiest form (one passage, few terms), and all sentences
belong to the training split. Instructions are short, and lists and items have names that the study does not use, so
that what it asks for must still be learnt from its own training data.
"""

import json
import random
from typing import Any, NamedTuple

from medtune.data.related import RelatedDocument, Relation
from medtune.data.relation_schema import STUDY_SCHEMA
from medtune.data.synthetic import relations
from medtune.data.synthetic.relation_wording import LEXICON

TERMS = 8
"""Terms of each type: a small model learns to copy word by word, so the fewer they are, the sooner."""
KINDS = {
    "Disease": ("disease", "diseases"),
    "Symptom": ("symptom", "symptoms"),
    "Drug": ("drug", "drugs"),
    "Lab_Test": ("test", "tests"),
    "Procedure": ("procedure", "procedures"),
}
"""What a term is, and several of them, by entity type."""
KIND_OF = {term: KINDS[label][0] for label, terms in LEXICON.items() for term in terms[:TERMS]}
LINKS = tuple(relation.name for relation in STUDY_SCHEMA.relations)


class Form(NamedTuple):
    """Names in an answer: the list of terms, the fields of a term, the list of links, the fields of a link."""

    terms: str
    term: tuple[str, str]
    links: str
    link: tuple[str, str, str]


FORMS = (
    Form("terms", ("name", "kind"), "links", ("from", "how", "to")),
    Form("named", ("word", "sort"), "pairs", ("one", "does", "other")),
    Form("things", ("thing", "class"), "facts", ("who", "what", "whom")),
)
NOTES = (
    "A note names diseases, symptoms, drugs, lab tests and procedures.",
    'Two "entities" of a "text" can be in one of the "relations", which has a "head" and a "tail".',
    'The "type" of a relation is "treats", "causes", "indicates", "prevents" or "interacts_with".',
    'Each of the "entities" has a "text" and a "type"; each of the "relations" has a "type", too.',
    'The "type" of an entity is "Disease", "Symptom", "Drug", "Lab_Test" or "Procedure".',
    "What is denied is no relation, nor is what is unclear, or what is merely named side by side.",
    "List the entities and relations of a text in its order. A list in JSON without items is [].",
    'The "head" comes first, then the "type" of the relation, then the "tail".',
)
"""Words of the study, so that they are tokens, in sentences."""
SHARES = {"plain": 0.03, "note": 0.03, "bare": 0.25}
"""Shares of prose, of notes, and of lists of terms and links that stand in no sentence; the others are lists of
texts."""
ASKED = {"all": 3, "terms": 1, "some terms": 1, "links": 1, "links of terms": 1}
"""How often lists are of terms and links, of all terms, of those of one kind, of links, of links between terms that are
told."""
TWICE = 0.3
"""How often a text has two instructions."""


def relation_listing_documents(count: int, seed: int) -> list[str]:
    """`count` documents of these kinds, mixed; the same for the same seed."""
    rng = random.Random(f"relation listing/{seed}")
    plain, note, bare = (round(count * share) for share in SHARES.values())
    documents = [document.text for document in relations.practice(plain, f"{seed}/plain", 1, TERMS)]
    documents += [" ".join(rng.sample(NOTES, rng.randint(1, 4))) for _ in range(note)]
    documents += [rng.choice((_bare_terms, _bare_links))(rng) for _ in range(bare)]
    documents += [_lists(rng, text) for text in relations.practice(count - len(documents), f"{seed}/lists", 1, TERMS)]
    rng.shuffle(documents)
    return documents


def _bare_terms(rng: random.Random) -> str:
    """Terms side by side, and the same as a list."""
    (name, kind), terms = rng.choice(FORMS).term, _some_terms(rng)
    return _answered(f"Note: {', '.join(terms)}.", [{name: term, kind: KIND_OF[term]} for term in terms])


def _bare_links(rng: random.Random) -> str:
    """Pairs of terms with a link each, and the same as a list."""
    form, terms = rng.choice(FORMS), _some_terms(rng)
    links = [(one, rng.choice(LINKS), other) for one, other in zip(terms[::2], terms[1::2], strict=False)]
    text = "; ".join(" ".join(link) for link in links)
    return _answered(f"Note: {text}.", [dict(zip(form.link, link, strict=True)) for link in links])


def _some_terms(rng: random.Random) -> list[str]:
    return rng.sample(list(KIND_OF), rng.randint(2, 6))


def _lists(rng: random.Random, document: RelatedDocument) -> str:
    """An instruction or two for a text, each with its list."""
    number = 2 if rng.random() < TWICE else 1
    asked = dict.fromkeys(rng.choices(list(ASKED), list(ASKED.values()), k=number))
    return "\n".join(_list(rng, document, what) for what in asked)


def _list(rng: random.Random, document: RelatedDocument, asked: str) -> str:
    """An instruction, the text, and the list or the lists that answer it."""
    form, told = rng.choice(FORMS), ""
    terms = [_term(form, entity.text, entity.label) for entity in document.entities]
    links = [_link(form, document, relation) for relation in document.relations]
    if asked == "all":
        what, answer = f"{form.terms} and {form.links}", {form.terms: terms, form.links: links}
    elif asked == "terms":
        what, answer = form.terms, rng.choice((terms, {form.terms: terms}))
    elif asked == "some terms":
        label = rng.choice(document.entities).label
        what = KINDS[label][1]
        answer = [{form.term[0]: entity.text} for entity in document.entities if entity.label == label]
    else:
        what, answer = form.links, rng.choice((links, {form.links: links}))
        if asked == "links of terms":
            pairs = [[entity.text, KINDS[entity.label][0]] for entity in document.entities]
            told = f"\nTerms: {_compact(pairs)}"
    verb = rng.choice(("Name", "Give", "Write"))
    return _answered(f"{verb} the {what}.\nNote: {document.text}{told}", answer)


def _term(form: Form, text: str, label: str) -> dict[str, str]:
    return dict(zip(form.term, (text, KINDS[label][0]), strict=True))


def _link(form: Form, document: RelatedDocument, relation: Relation) -> dict[str, str]:
    head, tail = (document.entities[place].text for place in (relation.head, relation.tail))
    return dict(zip(form.link, (head, relation.type, tail), strict=True))


def _answered(question: str, answer: Any) -> str:
    return f"{question}\nAnswer:\n{_compact(answer)}"


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
