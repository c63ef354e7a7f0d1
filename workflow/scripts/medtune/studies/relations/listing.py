"""What the synthetic base model of the relations study reads: clinical texts, and lists of what another world names.

Clinical texts are in sentences and terms of the training split, and what is listed of them are names alone. Lists with
types and relations are of texts of another world (see `relation_practice`), with other types, relations, terms and
frames. All are in forms that the study does not use. So the model can copy clinical names and list what is said in a
text, and has never seen a type or a relation of the study: these must be learnt from its training data. An instruction
may name the types and relations that are asked for, so that the base model can be asked for the study's in the form
that it knows: see `practised_prompt`.
"""

import json
import random
from collections.abc import Sequence
from typing import Any, NamedTuple

from medtune.data.related import RelatedDocument, Relation
from medtune.studies.relations.generator import made_of, practice, training_terms
from medtune.studies.relations.practice import PRACTICE

QUESTION = "Note: "
"""What begins the line of a text that is to be listed."""
KINDS = tuple(PRACTICE.lexicon)
LINKS = tuple(PRACTICE.words)
NAMES = (*(term for terms in PRACTICE.lexicon.values() for term in terms), *training_terms())
"""What is copied without being read: names of the other world, and clinical terms, of whose types nothing is said."""


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
SHARES = {"plain": 0.03, "note": 0.03, "bare": 0.2, "names": 0.37}
"""Shares of clinical prose, of notes, of lists of terms and links that stand in no sentence, and of lists of the names
in clinical texts, without their types; the others are lists of texts of the other world."""
ASKED = {"all": 3, "terms": 1, "some terms": 1, "links": 1, "links of terms": 1}
"""How often lists are of terms and links, of all terms, of those of one kind, of links, of links between terms that are
told."""
TWICE = 0.3
"""How often a text has two instructions."""
NAMED = 0.3
"""How often an instruction for terms and links names the kinds and links that are asked for."""


def relation_listing_documents(count: int, seed: int) -> list[str]:
    """`count` documents of these kinds, mixed; the same for the same seed."""
    rng = random.Random(f"relation listing/{seed}")
    plain, note, bare, names = (round(count * share) for share in SHARES.values())
    documents = [document.text for document in practice(plain, f"{seed}/plain")]
    documents += [" ".join(rng.sample(NOTES, rng.randint(1, 4))) for _ in range(note)]
    documents += [rng.choice((_bare_terms, _bare_links))(rng) for _ in range(bare)]
    documents += [_names(rng, document) for document in practice(names, f"{seed}/names")]
    documents += [_lists(rng, text) for text in made_of(PRACTICE, count - len(documents), seed)]
    rng.shuffle(documents)
    return documents


def practised_prompt(
    text: str, kinds: Sequence[str], links: Sequence[str], terms: Sequence[Sequence[str]] | None = None
) -> str:
    """How the base model is asked for terms and links of a text, up to where its answer begins.

    kinds, links: those asked for. terms: pairs of term and kind between which links are asked for; none for both lists.
    """
    form = FORMS[0]
    what = f"{form.terms} and {form.links}" if terms is None else form.links
    told = "" if terms is None else f"\nTerms: {_compact([list(pair) for pair in terms])}"
    return f"Name the {what}.{_named(kinds, links)}\n{QUESTION}{text}{told}\nAnswer:\n"


def _bare_terms(rng: random.Random) -> str:
    """Names side by side, and the same as a list."""
    name, names = rng.choice(FORMS).term[0], _some_names(rng)
    return _answered(f"{QUESTION}{', '.join(names)}.", [{name: each} for each in names])


def _bare_links(rng: random.Random) -> str:
    """Pairs of names with a link each, and the same as a list."""
    form, names = rng.choice(FORMS), _some_names(rng)
    links = [(one, rng.choice(LINKS), other) for one, other in zip(names[::2], names[1::2], strict=False)]
    text = "; ".join(" ".join(link) for link in links)
    return _answered(f"{QUESTION}{text}.", [dict(zip(form.link, link, strict=True)) for link in links])


def _some_names(rng: random.Random) -> list[str]:
    """Names of either world."""
    return rng.sample(NAMES, rng.randint(2, 6))


def _names(rng: random.Random, document: RelatedDocument) -> str:
    """A clinical text and what it names: nothing is said of types and relations."""
    name = rng.choice(FORMS).term[0]
    verb = rng.choice(("Name", "Give", "Write"))
    return _answered(
        f"{verb} the names.\n{QUESTION}{document.text}", [{name: entity.text} for entity in document.entities]
    )


def _lists(rng: random.Random, document: RelatedDocument) -> str:
    """An instruction or two for a text, each with its list."""
    number = 2 if rng.random() < TWICE else 1
    asked = dict.fromkeys(rng.choices(list(ASKED), list(ASKED.values()), k=number))
    return "\n".join(_list(rng, document, what) for what in asked)


def _list(rng: random.Random, document: RelatedDocument, asked: str) -> str:
    """An instruction, the text, and the list or the lists that answer it."""
    form, told = rng.choice(FORMS), ""
    terms = [dict(zip(form.term, (entity.text, entity.label), strict=True)) for entity in document.entities]
    links = [_link(form, document, relation) for relation in document.relations]
    if asked == "all":
        what, answer = f"{form.terms} and {form.links}", {form.terms: terms, form.links: links}
    elif asked == "terms":
        what, answer = form.terms, rng.choice((terms, {form.terms: terms}))
    elif asked == "some terms":
        label = rng.choice(document.entities).label
        what = f"{label}s"
        answer = [{form.term[0]: entity.text} for entity in document.entities if entity.label == label]
    else:
        what, answer = form.links, rng.choice((links, {form.links: links}))
        if asked == "links of terms":
            told = f"\nTerms: {_compact([[entity.text, entity.label] for entity in document.entities])}"
    verb = rng.choice(("Name", "Give", "Write"))
    named = ""
    if asked in ("all", "links of terms") and rng.random() < NAMED:
        named = _named(rng.sample(KINDS, len(KINDS)), rng.sample(LINKS, len(LINKS)))
    return _answered(f"{verb} the {what}.{named}\n{QUESTION}{document.text}{told}", answer)


def _named(kinds: Sequence[str], links: Sequence[str]) -> str:
    return f"\nKinds: {', '.join(kinds)}. Links: {', '.join(links)}."


def _link(form: Form, document: RelatedDocument, relation: Relation) -> dict[str, str]:
    head, tail = (document.entities[place].text for place in (relation.head, relation.tail))
    return dict(zip(form.link, (head, relation.type, tail), strict=True))


def _answered(question: str, answer: Any) -> str:
    return f"{question}\nAnswer:\n{_compact(answer)}"


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
