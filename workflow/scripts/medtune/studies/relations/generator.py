"""Short clinical texts with entities and relations, made by rules: for tests and for trying the workflow.

A document is one to four sentences in one to three passages. A passage says that a relation holds (in an active,
passive or nominal sentence, over two sentences, coordinated, or in contrast to a pair for which it does not hold), or
it names entities without relating them (negated, hypothetical, listed side by side, or as background). Only what is
asserted is a relation. Terms are drawn at random, so that the wording alone tells what holds; none of it is medical
knowledge, and no patient stands behind it.

A template sentence is a sentence with its terms blanked. Each belongs to one split, by a hash of its wording, so that
no model is tested on a sentence that it has seen with other terms. The last terms of each type are held out: they stand
in validation and test documents alone, where a share of the entities is drawn from them.
"""

import hashlib
import random
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from medtune.data.deduplication import DistinctTexts
from medtune.data.related import (
    RelatedDocument,
    RelatedEntity,
    Relation,
    entity_counts,
    relation_counts,
)
from medtune.data.relation_schema import STUDY_SCHEMA
from medtune.studies.relations.diversity import distinct_ngrams
from medtune.studies.relations.wording import CLINICAL, HELD_OUT_TERMS, LEXICON, World

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
MOST_TERMS = max(map(len, LEXICON.values())) - HELD_OUT_TERMS
UNSEEN = 0.25
"""How often an entity of a validation or test document has a term that is held out from training."""
TERMS_OF_PASSAGE = 4
"""Most terms of one type in a passage."""
ASSERTED = 0.65
"""Share of the passages of a document with relations, beyond its first, that assert one."""

_SLOT = re.compile(r"\{(\w+)\}")


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


@dataclass(frozen=True)
class _Pools:
    """Terms by entity type: those of the training documents, and those held out from them. unseen: how often one of
    the latter is drawn."""

    seen: Mapping[str, Sequence[str]]
    held_out: Mapping[str, Sequence[str]] = field(default_factory=dict)
    unseen: float = 0.0

    def draw(self, rng: random.Random, label: str, used: Collection[str]) -> str:
        """A term that is not used yet; one of the training documents where none is left of those held out."""
        held_out = self.held_out[label] if rng.random() < self.unseen else ()
        free = [term for term in held_out if term not in used]
        return rng.choice(free or [term for term in self.seen[label] if term not in used])


def make_splits(
    counts: Mapping[str, int],
    seed: int,
    without_relations: float = 0.2,
    passages: int = MOST_PASSAGES,
    terms: int = MOST_TERMS,
) -> dict[str, list[MadeDocument]]:
    """Documents by split. The same for the same seed; a split does not change when another is added after it.

    counts: documents of train, validation and test. without_relations: share of documents in which none is asserted.
    passages: most of a document. terms: so many of each type in the training documents at most, `TERMS_OF_PASSAGE` for
    each passage at least; the others have those held out besides.
    Relation types are balanced within each split. No text stands twice, and no template sentence in two splits.
    Raises InputError when so many different documents cannot be made, ValueError for another split.
    """
    if unknown := set(counts) - set(SPLIT_SHARES):
        raise ValueError(f"unknown splits: {', '.join(sorted(unknown))}; expected {', '.join(SPLIT_SHARES)}")
    seen: set[str] = set()
    pools = {split: _pools(terms, UNSEEN if split != "train" else 0.0) for split in counts}
    return {
        split: _split(CLINICAL, pools[split], split, count, f"relations/{seed}", without_relations, passages, seen)
        for split, count in counts.items()
    }


def practice(count: int, seed: int | str) -> list[RelatedDocument]:
    """`count` clinical documents of one passage in sentences and terms of the training split, for pre-training."""
    made = _split(CLINICAL, _pools(MOST_TERMS), "train", count, f"practice/{seed}", 0.3, 1, set())
    return [item.document for item in made]


def made_of(world: World, count: int, seed: int | str) -> list[RelatedDocument]:
    """`count` documents of one passage of another world, for pre-training; they belong to no split."""
    made = _split(world, _Pools(world.lexicon), None, count, f"{world.name}/{seed}", 0.3, 1, set())
    return [item.document for item in made]


def training_terms() -> tuple[str, ...]:
    """Terms that training documents may have."""
    return tuple(term for terms in LEXICON.values() for term in terms[:-HELD_OUT_TERMS])


def held_out_terms() -> frozenset[str]:
    """Terms that no training document has."""
    return frozenset(term for terms in LEXICON.values() for term in terms[-HELD_OUT_TERMS:])


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
    relations = STUDY_SCHEMA.relations
    return sum(
        frozenset((one, other)) not in related
        and any(r.allows(labels[one], labels[other]) or r.allows(labels[other], labels[one]) for r in relations)
        for one, other in combinations(range(len(labels)), 2)
    )


def _pools(terms: int, unseen: float = 0.0) -> _Pools:
    """The clinical terms, at most so many of each type in training documents."""
    seen = {label: found[:-HELD_OUT_TERMS][:terms] for label, found in LEXICON.items()}
    return _Pools(seen, {label: found[-HELD_OUT_TERMS:] for label, found in LEXICON.items()}, unseen)


def _split(
    world: World,
    pools: _Pools,
    split: str | None,
    count: int,
    seed: str,
    without_relations: float,
    passages: int,
    seen: set[str],
) -> list[MadeDocument]:
    """The documents of one split, or of none; `seen` holds the texts that are taken, and gets those made here."""
    rng = random.Random(f"{seed}/{split}")
    said: Counter[str] = Counter()
    denied: Counter[str] = Counter()
    bare = set(rng.sample(range(count), round(without_relations * count)))
    made: list[MadeDocument] = []
    texts = DistinctTexts(seen, count, f"synthetic relations: cannot make {count} different documents")
    while len(made) < count:
        chosen = _passages(world, rng, split, len(made) not in bare, passages, said, denied)
        item = _document(rng, f"{split}-{len(made) + 1:05d}", chosen, pools)
        if not texts.is_new(item.document.text):
            continue
        made.append(item)
        said.update(relation.type for relation in item.document.relations)
        denied.update(passage.relation for passage in chosen if passage.relation and not passage.pairs)
    return made


def _passages(
    world: World,
    rng: random.Random,
    split: str | None,
    related: bool,
    most: int,
    said: Counter[str],
    denied: Counter[str],
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
        passage = _passage(world, rng, split, form, _rarest(world, rng, counter))
        if length + len(passage.sentences) > LONGEST:
            continue
        passages.append(passage)
        length += len(passage.sentences)
        if passage.relation:
            counter[passage.relation] += max(1, len(passage.pairs))
    rng.shuffle(passages)
    return passages


def _rarest(world: World, rng: random.Random, counter: Counter[str]) -> str:
    """The relation that came least often, at random among equals."""
    least = min(counter[name] for name in world.words)
    return rng.choice([name for name in world.words if counter[name] == least])


def _passage(world: World, rng: random.Random, split: str | None, form: str, relation: str) -> _Passage:
    """A passage whose sentences all belong to the split, where there is one."""
    while True:
        passage = _FORMS[form](world, rng, relation)
        if split is None or all(split_of(template.wording) == split for template in passage.templates):
            return passage


def _document(rng: random.Random, identifier: str, passages: Sequence[_Passage], pools: _Pools) -> MadeDocument:
    """Passages with their slots filled, no term twice."""
    used: set[str] = set()
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
                term = pools.draw(rng, passage.types[slot], used)
                used.add(term)
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


def _types(world: World, rng: random.Random, relation: str, slots: Sequence[str] = ("h", "t")) -> dict[str, str]:
    """Entity types for slots: those that begin with h are heads. Heads and tails fit each other by the schema."""
    heads, tails = (sorted({pair[end] for pair in world.pairs[relation]}) for end in (0, 1))
    return {slot: rng.choice(heads if slot.startswith("h") else tails) for slot in slots}


def _filled(world: World, rng: random.Random, frame: str, types: Mapping[str, str]) -> str:
    """A frame with the words that its heads need before them: a test indicates by its result."""

    def said(match: re.Match) -> str:
        modifiers = world.modifiers.get(types[match[1]], ("",)) if match[1].startswith("h") else ("",)
        return f"{rng.choice(modifiers)} {match[0]}".strip()

    return _SLOT.sub(said, frame)


def _framed(world: World, rng: random.Random, clause: str, types: dict[str, str]) -> str:
    """A main clause as a sentence, with an opening, a place and perhaps a remark about something else.

    types: gets the type of what the remark names.
    """
    clause = rng.choice(world.openings) + clause + rng.choice(world.places)
    if rng.random() < SIDE_REMARK:
        types["x"] = _beside(world, rng)
        clause += rng.choice(world.side_remarks)
    return _sentence(clause)


def _plain(world: World, rng: random.Random, relation: str, form: str, frames: Sequence[str]) -> _Passage:
    """A sentence that says that head and tail are related."""
    types = _types(world, rng, relation)
    sentence = _framed(world, rng, _filled(world, rng, rng.choice(frames), types), types)
    return _Passage(form, relation, (sentence,), types, (("h", "t"),))


def _active(world: World, rng: random.Random, relation: str) -> _Passage:
    verbs = [word for verb in world.words[relation].verbs for word in verb[1:]]
    return _plain(world, rng, relation, "active", [f"{{h}} {verb} {{t}}" for verb in verbs])


def _passive(world: World, rng: random.Random, relation: str) -> _Passage:
    return _plain(
        world, rng, relation, "passive", [f"{{t}} {passive} {{h}}" for passive in world.words[relation].passives]
    )


def _nominal(world: World, rng: random.Random, relation: str) -> _Passage:
    return _plain(world, rng, relation, "nominal", world.words[relation].nouns)


def _across(world: World, rng: random.Random, relation: str) -> _Passage:
    """One argument in a sentence of its own, the other in the next."""
    types = _types(world, rng, relation)
    words = world.words[relation]
    first = rng.choice(words.known_first)
    anaphor = rng.choice(world.anaphors[types[first]])
    if first == "h":
        clause = f"{anaphor} {rng.choice([word for verb in words.verbs for word in verb[1:]])} {{t}}"
    elif rng.random() < 0.5:
        clause = f"{anaphor} {rng.choice(words.passives)} {_filled(world, rng, '{h}', types)}"
    else:
        clause = f"{_filled(world, rng, '{h}', types)} {rng.choice([verb[2] for verb in words.verbs])} {anaphor}"
    sentences = (_introduced(world, rng, first, types[first]), _framed(world, rng, clause, types))
    return _Passage("across", relation, sentences, types, (("h", "t"),))


def _coordinated(world: World, rng: random.Random, relation: str) -> _Passage:
    """Two heads with one tail, or one head with two tails: two relations."""
    words = world.words[relation]
    past = rng.choice(words.verbs)[2]
    passive = rng.choice(words.passives)
    several = _plural(passive)
    if rng.random() < 0.5:
        types, pairs = _types(world, rng, relation, ("h", "h2", "t")), (("h", "t"), ("h2", "t"))
        frames = (
            f"{{h}} and {{h2}} both {past} {{t}}",
            f"{{t}} {passive} {{h}} and later also {{h2}}",
            f"not only {{h}} but also {{h2}} {past} {{t}}",
        )
    else:
        types, pairs = _types(world, rng, relation, ("h", "t", "t2")), (("h", "t"), ("h", "t2"))
        frames = (
            f"{{h}} {past} {{t}} and {{t2}}",
            f"{{h}} {past} both {{t}} and {{t2}}",
            f"{{t}} and {{t2}} {several} {{h}}",
        )
    sentence = _framed(world, rng, _filled(world, rng, rng.choice(frames), types), types)
    return _Passage("coordinated", relation, (sentence,), types, pairs)


def _plural(passive: str) -> str:
    """A passive for two subjects."""
    verb, _, rest = passive.partition(" ")
    plurals = {"was": "were both", "has": "both have"}
    return f"{plurals.get(verb, f'both {verb}')} {rest}"


def _contrast(world: World, rng: random.Random, relation: str) -> _Passage:
    """A pair that is related, and one that is said not to be."""
    base, _, past = rng.choice(world.words[relation].verbs)
    frame = rng.choice(world.contrasts)
    slots = ("h", "t", *({"h2", "t2"} & set(_SLOT.findall(frame))))
    types = _types(world, rng, relation, slots)
    clause = _filled(world, rng, frame.replace("<past>", past).replace("<base>", base), types)
    sentence = _sentence(rng.choice(world.openings) + clause + rng.choice(world.places))
    return _Passage("contrast", relation, (sentence,), types, (("h", "t"),))


def _unasserted(world: World, rng: random.Random, relation: str, form: str, frames: Sequence[str]) -> _Passage:
    """A sentence that denies a relation, or leaves it open."""
    base, third, past = rng.choice(world.words[relation].verbs)
    types = _types(world, rng, relation)
    frame = rng.choice(frames).replace("<base>", base).replace("<third>", third).replace("<past>", past)
    sentence = _sentence(
        rng.choice(world.openings) + _filled(world, rng, frame, types).replace("<place>", rng.choice(world.places))
    )
    return _Passage(form, relation, (sentence,), types)


def _negated(world: World, rng: random.Random, relation: str) -> _Passage:
    return _unasserted(world, rng, relation, "negated", world.negations)


def _hypothetical(world: World, rng: random.Random, relation: str) -> _Passage:
    return _unasserted(world, rng, relation, "hypothetical", world.hypotheses)


def _listed(world: World, rng: random.Random, relation: str) -> _Passage:
    """Two entities that could be related stand side by side, and nothing is said of it."""
    fitting = _types(world, rng, relation)
    first, second = rng.sample(("h", "t"), 2)
    types = {"a": fitting[first], "b": fitting[second]}
    sentence = _sentence(rng.choice(world.openings) + rng.choice(world.listings) + rng.choice(world.times))
    return _Passage("listed", None, (sentence,), types)


def _background(world: World, rng: random.Random, relation: str) -> _Passage:
    """One entity alone."""
    label = _beside(world, rng)
    return _Passage("background", None, (_introduced(world, rng, "a", label),), {"a": label})


def _beside(world: World, rng: random.Random) -> str:
    """The type of an entity that is not related."""
    return rng.choices(list(world.beside), list(world.beside.values()))[0]


def _introduced(world: World, rng: random.Random, slot: str, label: str) -> str:
    """A sentence that names one entity."""
    frame = (
        rng.choice(world.background[label]).replace("<person>", rng.choice(world.people)).replace("{}", f"{{{slot}}}")
    )
    return _sentence(frame + rng.choice(world.times))


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
