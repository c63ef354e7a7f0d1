"""Short clinical texts with entities and relations, made by rules: for tests and for trying the workflow.

A document is one to four sentences in one to three passages. A passage says that a relation holds (in an active,
passive or nominal sentence, over two sentences, coordinated, or in contrast to a pair for which it does not hold), or
it names entities without relating them (negated, hypothetical, listed side by side, or as background). Only what is
asserted is a relation. Terms are drawn at random, so that the wording alone tells what holds; none of it is medical
knowledge, and no patient stands behind it.

A template sentence is a sentence with its terms blanked. Each belongs to one split, by a hash of its wording, so that
no model is tested on a sentence that it has seen with other terms.
"""

import hashlib
import random
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from medtune.data.deduplication import normalise
from medtune.data.diversity import distinct_ngrams
from medtune.data.related import (
    RelatedDocument,
    RelatedEntity,
    Relation,
    entity_counts,
    relation_counts,
)
from medtune.data.relation_schema import STUDY_SCHEMA
from medtune.data.synthetic.relation_wording import (
    ANAPHORS,
    BACKGROUND,
    BESIDE,
    CONTRASTS,
    HYPOTHESES,
    LEXICON,
    LISTINGS,
    MODIFIERS,
    NEGATIONS,
    OPENINGS,
    PEOPLE,
    PLACES,
    SIDE_REMARKS,
    TIMES,
    WORDING,
)
from medtune.errors import InputError

SPLIT_SHARES = {"train": 0.7, "validation": 0.15, "test": 0.15}
"""Share of the template sentences that belong to each split."""
POSITIVE = ("active", "passive", "nominal", "across", "coordinated", "contrast")
NEGATIVE = ("negated", "hypothetical", "listed", "background")
LONGEST = 4
"""Most sentences of a document."""
SIDE_REMARK = 0.25
"""How often a related pair has an unrelated entity beside it in the same sentence."""
PASSAGES = {1: 0.35, 2: 0.45, 3: 0.2}
"""Shares of documents by number of passages."""
MOST_PASSAGES = max(PASSAGES)
MOST_TERMS = max(map(len, LEXICON.values()))
TERMS_OF_PASSAGE = 4
"""Most terms of one type in a passage."""
ASSERTED = 0.65
"""Share of the passages of a document with relations, beyond its first, that assert one."""

_SLOT = re.compile(r"\{(\w+)\}")
_SCHEMA = {relation.name: relation for relation in STUDY_SCHEMA.relations}


@dataclass(frozen=True)
class Template:
    """A sentence with its terms blanked. relation: what it is about, also where it denies it; none for other sentences.
    form: one of `POSITIVE` or `NEGATIVE`."""

    wording: str
    relation: str | None
    form: str


@dataclass(frozen=True)
class MadeDocument:
    """A document and the templates of its sentences, in order."""

    document: RelatedDocument
    templates: tuple[Template, ...]


@dataclass(frozen=True)
class _Passage:
    """Sentences with {slots}. types: entity type by slot. pairs: slots (head, tail) that are related."""

    form: str
    relation: str | None
    sentences: tuple[str, ...]
    types: Mapping[str, str]
    pairs: tuple[tuple[str, str], ...] = ()

    @property
    def templates(self) -> tuple[Template, ...]:
        """What stands in the sentences beside the terms."""
        return tuple(Template(_SLOT.sub("_", sentence), self.relation, self.form) for sentence in self.sentences)


def make_splits(
    counts: Mapping[str, int],
    seed: int,
    without_relations: float = 0.2,
    passages: int = MOST_PASSAGES,
    terms: int = MOST_TERMS,
) -> dict[str, list[MadeDocument]]:
    """Documents by split. The same for the same seed; a split does not change when another is added after it.

    counts: documents of train, validation and test. without_relations: share of documents in which none is asserted.
    passages: most of a document. terms: so many of each type at most, `TERMS_OF_PASSAGE` for each passage at least.
    Relation types are balanced within each split. No text stands twice, and no template sentence in two splits.
    Raises InputError when so many different documents cannot be made, ValueError for another split.
    """
    if unknown := set(counts) - set(SPLIT_SHARES):
        raise ValueError(f"unknown splits: {', '.join(sorted(unknown))}; expected {', '.join(SPLIT_SHARES)}")
    seen: set[str] = set()
    return {
        split: _split(split, count, seed, without_relations, passages, terms, seen) for split, count in counts.items()
    }


def practice(count: int, seed: int | str, passages: int, terms: int) -> list[RelatedDocument]:
    """`count` documents in sentences of the training split, for pre-training. passages, terms: as for `make_splits`."""
    return [made.document for made in _split("train", count, f"practice/{seed}", 0.3, passages, terms, set())]


def split_of(wording: str) -> str:
    """The split that a template sentence belongs to."""
    place = int.from_bytes(hashlib.sha256(wording.encode()).digest()[:8], "big") / 2**64
    for split, share in SPLIT_SHARES.items():
        place -= share
        if place < 0:
            return split
    return split


def shared_templates(splits: Mapping[str, Sequence[MadeDocument]]) -> dict[str, tuple[str, str]]:
    """Template sentences that stand in two splits, with the first two of these: empty, unless something is wrong."""
    homes: dict[str, str] = {}
    shared: dict[str, tuple[str, str]] = {}
    for split, made in splits.items():
        for wording in {template.wording for item in made for template in item.templates}:
            if homes.setdefault(wording, split) != split:
                shared[wording] = (homes[wording], split)
    return shared


def diversity_report(splits: Mapping[str, Sequence[MadeDocument]]) -> dict:
    """What there is, and how varied: JSON-able, for the manifest.

    By split: documents (and those without a relation), sentences, entities and relations by type, pairs of entities in
    one document that the schema would allow to be related but that are not, distinct n-grams, and distinct template
    sentences in all, by relation and form. `shared_templates` counts those in two splits.
    """
    return {
        "splits": {split: _diversity(made) for split, made in splits.items()},
        "shared_templates": len(shared_templates(splits)),
    }


def _diversity(made: Sequence[MadeDocument]) -> dict:
    documents = [item.document for item in made]
    templates = [template for item in made for template in item.templates]
    kinds: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for template in templates:
        kinds[template.relation or "none"][template.form].add(template.wording)
    return {
        "documents": len(documents),
        "documents_without_relations": sum(not document.relations for document in documents),
        "sentences": len(templates),
        "entities": entity_counts(documents),
        "relations": relation_counts(documents),
        "distractor_pairs": sum(_distractors(document) for document in documents),
        "ngrams": distinct_ngrams(document.text for document in documents),
        "templates": len({template.wording for template in templates}),
        "templates_by_type": {
            relation: {form: len(wordings) for form, wordings in sorted(forms.items())}
            for relation, forms in sorted(kinds.items())
        },
    }


def _distractors(document: RelatedDocument) -> int:
    """Pairs of entities that some relation could join, and none does."""
    related = {frozenset((relation.head, relation.tail)) for relation in document.relations}
    labels = [entity.label for entity in document.entities]
    return sum(
        frozenset((one, other)) not in related
        and any(r.allows(labels[one], labels[other]) or r.allows(labels[other], labels[one]) for r in _SCHEMA.values())
        for one, other in combinations(range(len(labels)), 2)
    )


def _split(
    split: str, count: int, seed: int | str, without_relations: float, passages: int, terms: int, seen: set[str]
) -> list[MadeDocument]:
    """The documents of one split; `seen` holds the texts that are taken, and gets those made here."""
    rng = random.Random(f"relations/{seed}/{split}")
    said: Counter[str] = Counter()
    denied: Counter[str] = Counter()
    bare = set(rng.sample(range(count), round(without_relations * count)))
    made: list[MadeDocument] = []
    misses = 0
    while len(made) < count:
        chosen = _passages(rng, split, len(made) not in bare, passages, said, denied)
        item = _document(rng, f"{split}-{len(made) + 1:05d}", chosen, terms)
        twin = normalise(item.document.text)
        if twin in seen:
            misses += 1
            if misses > 20 * count:
                raise InputError(f"synthetic relations: cannot make {count} different documents; ask for fewer")
            continue
        seen.add(twin)
        made.append(item)
        said.update(relation.type for relation in item.document.relations)
        denied.update(passage.relation for passage in chosen if passage.relation and not passage.pairs)
    return made


def _passages(
    rng: random.Random, split: str, related: bool, most: int, said: Counter[str], denied: Counter[str]
) -> list[_Passage]:
    """The passages of a document, at most `most`, and at most `LONGEST` sentences. said, denied: relations so far,
    which stay as they are: the rarest of each is the next one."""
    said, denied = said.copy(), denied.copy()
    shares = {number: share for number, share in PASSAGES.items() if number <= most}
    (wanted,) = rng.choices(list(shares), list(shares.values()))
    passages: list[_Passage] = []
    length = 0
    while len(passages) < wanted and length < LONGEST:
        asserting = related and (not passages or rng.random() < ASSERTED)
        form = rng.choice(POSITIVE if asserting else NEGATIVE)
        counter = said if asserting else denied
        passage = _passage(rng, split, form, _rarest(rng, counter))
        if length + len(passage.sentences) > LONGEST:
            continue
        passages.append(passage)
        length += len(passage.sentences)
        if passage.relation:
            counter[passage.relation] += max(1, len(passage.pairs))
    rng.shuffle(passages)
    return passages


def _rarest(rng: random.Random, counter: Counter[str]) -> str:
    """The relation that came least often, at random among equals."""
    least = min(counter[name] for name in _SCHEMA)
    return rng.choice([name for name in _SCHEMA if counter[name] == least])


def _passage(rng: random.Random, split: str, form: str, relation: str) -> _Passage:
    """A passage whose sentences all belong to the split."""
    while True:
        passage = _FORMS[form](rng, relation)
        if all(split_of(template.wording) == split for template in passage.templates):
            return passage


def _document(rng: random.Random, identifier: str, passages: Sequence[_Passage], most_terms: int) -> MadeDocument:
    """Passages with their slots filled, no term twice."""
    free = {label: rng.sample(terms[:most_terms], len(terms[:most_terms])) for label, terms in LEXICON.items()}
    text = ""
    entities: list[RelatedEntity] = []
    relations: list[Relation] = []
    for passage in passages:
        places: dict[str, int] = {}
        for sentence in passage.sentences:
            text += " " if text else ""
            for part in re.split(r"(\{\w+\})", sentence):
                slot = part[1:-1]
                if not part.startswith("{"):
                    text += part
                    continue
                term = free[passage.types[slot]].pop()
                term = term[0].upper() + term[1:] if not text or text.endswith(". ") else term
                places[slot] = len(entities)
                entities.append(RelatedEntity(len(text), len(text) + len(term), passage.types[slot], term))
                text += term
        relations += [Relation(passage.relation, places[head], places[tail]) for head, tail in passage.pairs]
    templates = tuple(template for passage in passages for template in passage.templates)
    return MadeDocument(RelatedDocument(identifier, text, tuple(entities), tuple(relations)), templates)


def _sentence(clause: str) -> str:
    """A clause as a sentence; a slot at its start is capitalised when it is filled."""
    return clause[0].upper() + clause[1:] + "."


def _types(rng: random.Random, relation: str, slots: Sequence[str] = ("h", "t")) -> dict[str, str]:
    """Entity types for slots: those that begin with h are heads. Heads and tails fit each other by the schema."""
    heads, tails = (sorted({pair[end] for pair in _SCHEMA[relation].pairs}) for end in (0, 1))
    return {slot: rng.choice(heads if slot.startswith("h") else tails) for slot in slots}


def _filled(rng: random.Random, frame: str, types: Mapping[str, str]) -> str:
    """A frame with the words that its heads need before them: a test indicates by its result."""

    def said(match: re.Match) -> str:
        modifiers = MODIFIERS.get(types[match[1]], ("",)) if match[1].startswith("h") else ("",)
        return f"{rng.choice(modifiers)} {match[0]}".strip()

    return _SLOT.sub(said, frame)


def _framed(rng: random.Random, clause: str, types: dict[str, str]) -> str:
    """A main clause as a sentence, with an opening, a place and perhaps a remark about something else.

    types: gets the type of what the remark names.
    """
    clause = rng.choice(OPENINGS) + clause + rng.choice(PLACES)
    if rng.random() < SIDE_REMARK:
        types["x"] = _beside(rng)
        clause += rng.choice(SIDE_REMARKS)
    return _sentence(clause)


def _plain(rng: random.Random, relation: str, form: str, frames: Sequence[str]) -> _Passage:
    """A sentence that says that head and tail are related."""
    types = _types(rng, relation)
    sentence = _framed(rng, _filled(rng, rng.choice(frames), types), types)
    return _Passage(form, relation, (sentence,), types, (("h", "t"),))


def _active(rng: random.Random, relation: str) -> _Passage:
    verbs = [word for verb in WORDING[relation].verbs for word in verb[1:]]
    return _plain(rng, relation, "active", [f"{{h}} {verb} {{t}}" for verb in verbs])


def _passive(rng: random.Random, relation: str) -> _Passage:
    return _plain(rng, relation, "passive", [f"{{t}} {passive} {{h}}" for passive in WORDING[relation].passives])


def _nominal(rng: random.Random, relation: str) -> _Passage:
    return _plain(rng, relation, "nominal", WORDING[relation].nouns)


def _across(rng: random.Random, relation: str) -> _Passage:
    """One argument in a sentence of its own, the other in the next."""
    types = _types(rng, relation)
    words = WORDING[relation]
    first = rng.choice(words.known_first)
    anaphor = rng.choice(ANAPHORS[types[first]])
    if first == "h":
        clause = f"{anaphor} {rng.choice([word for verb in words.verbs for word in verb[1:]])} {{t}}"
    elif rng.random() < 0.5:
        clause = f"{anaphor} {rng.choice(words.passives)} {_filled(rng, '{h}', types)}"
    else:
        clause = f"{_filled(rng, '{h}', types)} {rng.choice([verb[2] for verb in words.verbs])} {anaphor}"
    sentences = (_introduced(rng, first, types[first]), _framed(rng, clause, types))
    return _Passage("across", relation, sentences, types, (("h", "t"),))


def _coordinated(rng: random.Random, relation: str) -> _Passage:
    """Two heads with one tail, or one head with two tails: two relations."""
    words = WORDING[relation]
    past = rng.choice(words.verbs)[2]
    passive = rng.choice(words.passives)
    several = _plural(passive)
    if rng.random() < 0.5:
        types, pairs = _types(rng, relation, ("h", "h2", "t")), (("h", "t"), ("h2", "t"))
        frames = (
            f"{{h}} and {{h2}} both {past} {{t}}",
            f"{{t}} {passive} {{h}} and later also {{h2}}",
            f"not only {{h}} but also {{h2}} {past} {{t}}",
        )
    else:
        types, pairs = _types(rng, relation, ("h", "t", "t2")), (("h", "t"), ("h", "t2"))
        frames = (
            f"{{h}} {past} {{t}} and {{t2}}",
            f"{{h}} {past} both {{t}} and {{t2}}",
            f"{{t}} and {{t2}} {several} {{h}}",
        )
    sentence = _framed(rng, _filled(rng, rng.choice(frames), types), types)
    return _Passage("coordinated", relation, (sentence,), types, pairs)


def _plural(passive: str) -> str:
    """A passive for two subjects."""
    verb, _, rest = passive.partition(" ")
    plurals = {"was": "were both", "has": "both have"}
    return f"{plurals.get(verb, f'both {verb}')} {rest}"


def _contrast(rng: random.Random, relation: str) -> _Passage:
    """A pair that is related, and one that is said not to be."""
    base, _, past = rng.choice(WORDING[relation].verbs)
    frame = rng.choice(CONTRASTS)
    slots = ("h", "t", *({"h2", "t2"} & set(_SLOT.findall(frame))))
    types = _types(rng, relation, slots)
    clause = _filled(rng, frame.replace("<past>", past).replace("<base>", base), types)
    sentence = _sentence(rng.choice(OPENINGS) + clause + rng.choice(PLACES))
    return _Passage("contrast", relation, (sentence,), types, (("h", "t"),))


def _unasserted(rng: random.Random, relation: str, form: str, frames: Sequence[str]) -> _Passage:
    """A sentence that denies a relation, or leaves it open."""
    base, third, past = rng.choice(WORDING[relation].verbs)
    types = _types(rng, relation)
    frame = rng.choice(frames).replace("<base>", base).replace("<third>", third).replace("<past>", past)
    sentence = _sentence(rng.choice(OPENINGS) + _filled(rng, frame, types).replace("<place>", rng.choice(PLACES)))
    return _Passage(form, relation, (sentence,), types)


def _negated(rng: random.Random, relation: str) -> _Passage:
    return _unasserted(rng, relation, "negated", NEGATIONS)


def _hypothetical(rng: random.Random, relation: str) -> _Passage:
    return _unasserted(rng, relation, "hypothetical", HYPOTHESES)


def _listed(rng: random.Random, relation: str) -> _Passage:
    """Two entities that could be related stand side by side, and nothing is said of it."""
    fitting = _types(rng, relation)
    first, second = rng.sample(("h", "t"), 2)
    types = {"a": fitting[first], "b": fitting[second]}
    sentence = _sentence(rng.choice(OPENINGS) + rng.choice(LISTINGS) + rng.choice(TIMES))
    return _Passage("listed", None, (sentence,), types)


def _background(rng: random.Random, relation: str) -> _Passage:
    """One entity alone."""
    label = _beside(rng)
    return _Passage("background", None, (_introduced(rng, "a", label),), {"a": label})


def _beside(rng: random.Random) -> str:
    """The type of an entity that is not related."""
    return rng.choices(list(BESIDE), list(BESIDE.values()))[0]


def _introduced(rng: random.Random, slot: str, label: str) -> str:
    """A sentence that names one entity."""
    frame = rng.choice(BACKGROUND[label]).replace("<person>", rng.choice(PEOPLE)).replace("{}", f"{{{slot}}}")
    return _sentence(frame + rng.choice(TIMES))


_FORMS = {
    "active": _active,
    "passive": _passive,
    "nominal": _nominal,
    "across": _across,
    "coordinated": _coordinated,
    "contrast": _contrast,
    "negated": _negated,
    "hypothetical": _hypothetical,
    "listed": _listed,
    "background": _background,
}
