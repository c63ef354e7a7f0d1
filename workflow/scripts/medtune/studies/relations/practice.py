"""Terms and wording of another world than the study's: what the synthetic base model practises lists on.

Creatures, plants, tools, dishes, towns and garments, and what they do to each other, in verbs and frames that the study
does not use: who has learnt to list these has seen neither its types nor its relations.
"""

from medtune.studies.relations.wording import Words, World

_TERMS = {
    "animal": "otter; grey heron; badger; mountain hare; salmon; raven; hedgehog; red deer",
    "plant": "oak; wild thyme; fern; silver birch; clover; ivy; heather; water lily",
    "tool": "chisel; pipe wrench; lantern; rope ladder; sickle; anvil; spade; hand drill",
    "dish": "lentil soup; rye bread; plum cake; omelette; barley stew; fish pie; porridge; apple tart",
    "town": "harbour village; Lindow; Marsk; hill fort; Ostrava; market square; Velden; old mill",
    "garment": "woollen coat; apron; straw hat; leather boot; scarf; silk glove; cloak; linen shirt",
}
_VERBS = {
    "carries": ("carry carries carried; haul hauls hauled; drag drags dragged; lift lifts lifted", "animal tool",
                "dish"),
    "feeds": ("feed feeds fed; nourish nourishes nourished; fatten fattens fattened", "plant dish", "animal"),
    "hides": ("hide hides hid; cover covers covered; shade shades shaded; bury buries buried", "plant garment", "tool"),
    "borders": ("border borders bordered; face faces faced; overlook overlooks overlooked", "town", "town"),
    "damages": ("damage damages damaged; tear tears tore; scratch scratches scratched; spoil spoils spoiled",
                "animal tool", "garment plant"),
    "sells": ("sell sells sold; offer offers offered; export exports exported", "town", "dish garment"),
}  # fmt: skip
_PASSIVES = {
    "carries": "was carried by; was hauled by; was dragged along by; was lifted by; was loaded onto",
    "feeds": "was fed by; was nourished by; grew fat on; lived on; was kept alive by",
    "hides": "was hidden under; was covered by; was shaded by; was buried beneath; lay under",
    "borders": "was bordered by; was overlooked by; lies next to; touches the walls of; was faced by",
    "damages": "was damaged by; was torn by; was scratched by; was spoiled by; broke because of",
    "sells": "was sold in; was exported from; was offered in; comes from; was bought in",
}
_NOUNS = {
    "carries": "{h} is the bearer of {t}; the load of {h} was {t}; {h} was seen with {t} on top",
    "feeds": "{h} is the food of {t}; {t} has its meals from {h}; the diet of {t} was {h}",
    "hides": "{h} is the cover of {t}; the shelter over {t} was {h}; {t} was found underneath {h}",
    "borders": "{h} is a neighbour of {t}; the town beside {t} was {h}; {h} and {t} share a fence",
    "damages": "{h} was the ruin of {t}; the hole in {t} came from {h}; {t} suffers from {h}",
    "sells": "{h} is a market for {t}; the trade in {t} made {h} rich; {h} is famous for {t}",
}


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(";"))


def _words() -> dict[str, Words]:
    return {
        relation: Words(
            tuple(tuple(verb.split()) for verb in _parts(verbs)), _parts(_PASSIVES[relation]), _parts(_NOUNS[relation])
        )
        for relation, (verbs, _, _) in _VERBS.items()
    }


PRACTICE = World(
    name="practice",
    lexicon={kind: _parts(terms) for kind, terms in _TERMS.items()},
    pairs={
        relation: frozenset((head, tail) for head in heads.split() for tail in tails.split())
        for relation, (_, heads, tails) in _VERBS.items()
    },
    words=_words(),
    beside=dict.fromkeys(_TERMS, 1),
    modifiers={"animal": ("", "young", "a tame"), "tool": ("", "rusty", "an old")},
    openings=("", "", "long ago, ", "they say that ", "at dawn, ", "in the story, ", "as everyone knows, "),
    places=("", "", " on the hill", " near the river", " in winter", " behind the barn", " at the fair"),
    side_remarks=(
        ", and {x} stood nearby",
        ", and {x} was somewhere else",
        ", while {x} waited alone",
        "; {x} played no part",
        "; nobody asked for {x}",
    ),
    contrasts=(
        "{h} <past> {t} and never {t2}",
        "{h}, and not {h2}, <past> {t}",
        "{h} <past> {t}, although {h2} had not",
        "{h} <past> {t} but would not <base> {t2}",
        "{h}, rather than {h2}, <past> {t}",
    ),
    negations=(
        "{h} would not <base> {t}<place>",
        "{h} cannot <base> {t}<place>",
        "nobody believes that {h} <third> {t}<place>",
        "{h} was too slow to <base> {t}<place>",
        "{h} hardly ever <past> {t}<place>",
        "it is a lie that {h} <past> {t}<place>",
    ),
    hypotheses=(
        "people wonder whether {h} <third> {t}<place>",
        "we shall see whether {h} will <base> {t}<place>",
        "a traveller asked whether {h} may <base> {t}<place>",
        "{h} may <base> {t}<place>, but who knows",
        "should {h} <base> {t}<place>, all would be lost",
        "in a dream {h} could <base> {t}<place>",
    ),
    listings=(
        "{a} and {b} were painted side by side",
        "the song names {a} and {b}",
        "there were {a} and {b} on the table",
        "the child drew {a} and then {b}",
        "{a} stood not far from {b}",
        "somebody asked about {a} and about {b}",
    ),
    people=("the miller", "a fisher", "the old king", "my aunt", "the shepherd", "a young baker"),
    times=("", "", " at noon", " in autumn", " for years", " on Sunday", " before the storm"),
    background={
        "animal": ("<person> fed {}", "<person> watched {}", "<person> was afraid of {}"),
        "plant": ("<person> planted {}", "<person> watered {}", "<person> sat beside {}"),
        "tool": ("<person> sharpened {}", "<person> borrowed {}", "<person> worked with {}"),
        "dish": ("<person> cooked {}", "<person> tasted {}", "<person> dined on {}"),
        "town": ("<person> visited {}", "<person> left {}", "<person> was born in {}"),
        "garment": ("<person> wore {}", "<person> mended {}", "<person> was dressed in {}"),
    },
    anaphors={
        "animal": ("it", "this creature", "the beast"),
        "plant": ("it", "this plant", "the growth"),
        "tool": ("it", "this tool", "the device"),
        "dish": ("it", "this dish", "the meal"),
        "town": ("it", "this place", "the settlement"),
        "garment": ("it", "this garment", "the cloth"),
    },
)  # fmt: skip
