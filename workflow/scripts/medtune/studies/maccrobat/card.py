"""What the model cards of this study say."""

from collections.abc import Mapping

from medtune.reporting.cards import Headline, TaggerCard
from medtune.reporting.prose import counted
from medtune.reporting.tables import escape_markdown
from medtune.studies.maccrobat.runs import SYNTHETIC

HEADLINES = (
    Headline("micro.strict.f1", "strict micro-F1 (boundaries and type)"),
    Headline("micro.strict.precision", "strict precision"),
    Headline("micro.strict.recall", "strict recall, of the entities that flat tags hold"),
    Headline("all_gold_recall", "strict recall of all annotated entities"),
    Headline("macro.strict.f1", "strict macro-F1 (mean over types)"),
    Headline("micro.exact.f1", "exact F1 (boundaries)"),
    Headline("micro.partial.f1", "partial F1"),
    Headline("micro.type.f1", "type F1"),
)
LIMITS = (
    "Not for decisions about patients: entities are missed and invented.",
    "The figures hold for `tag.py` in this folder: windows as in training, scores averaged over window offsets, "
    "Viterbi decoding with transition scores. The plain `token-classification` pipeline does none of this: it finds "
    "other entities, and its figures were not measured.",
    "Runs whose intervals overlap may differ by chance alone: see the paired comparisons in the summary.",
)
PUBLISHED = "Its texts are published case reports in English; notes from a ward read otherwise, and were not tested."
EXAMPLE = (
    "A 34-year-old man presented with fever and a dry cough. Chest radiography showed an effusion of the left lung. He "
    "was treated with amoxicillin for 2 weeks."
)


def study_card(manifest: Mapping) -> TaggerCard:
    """The card's texts for a data set. manifest: of the prepared data."""
    left_out = manifest["rare_types"]["dropped"]
    types = sorted(name for name in manifest["types"] if name not in left_out)
    synthetic = all(source["format"] == "synthetic" for source in manifest["sources"])
    return TaggerCard(
        title=f"Entities of {counted(len(types), 'type')} in case reports: BIO tagger",
        summary=f"Gives each word of a case report a BIO tag. Types: {', '.join(map(escape_markdown, types))}.",
        headlines=HEADLINES,
        limits=[
            SYNTHETIC if synthetic else PUBLISHED,
            _flat(manifest["flattening"]),
            *_rare(manifest),
            *LIMITS,
        ],
        tags=("biomedical", "named-entity-recognition", "maccrobat"),
        items="documents",
        text=EXAMPLE,
    )


def _flat(flattening: Mapping) -> str:
    """What flat tags cannot hold, with its numbers."""
    reasons = ", ".join(f"{count} {reason}" for reason, count in flattening["dropped_by_reason"].items())
    return (
        "Flat BIO tags hold one type for each word: of entities that share words one is tagged at most, and "
        "discontinuous ones are not tagged at all. The data's tags lack "
        f"{flattening['gold'] - flattening['kept']} of {counted(flattening['gold'], 'entity', 'entities')}"
        f"{f' ({reasons})' if reasons else ''}, by the rule: {flattening['rule']}."
    )


def _rare(manifest: Mapping) -> list[str]:
    """What rare types mean, where there are any: those without tags, and those whose figures say little."""
    setting = manifest["rare_types"]
    rare = sorted(name for name, found in manifest["types"].items() if found["tier"] == "rare")
    sentences = {
        f"Types of fewer than {counted(setting['drop_below'], 'mention')} have no tags": setting["dropped"],
        "Types that are rare in the data, so that little is known of how well they are found": [
            name for name in rare if name not in setting["dropped"]
        ],
    }
    return [f"{words}: {', '.join(map(escape_markdown, names))}." for words, names in sentences.items() if names]
