"""Names of the summary's tables and plots, and what is said of those tables that the report shows."""

from medtune.reporting.captions import Caption

SHOWN = {
    "comparison": Caption(
        "Relations study: all runs",
        "Strict F1: entities with boundaries and type, relations with type, direction and both such entities; 95 % "
        "intervals over documents. relation_f1_gold_entities: on the test documents, with their "
        "entities given. repair_rate: outputs that broke off and were cut after their last complete item. duplicates: "
        "repeated relations in what is scored. p: paired permutation of the relation F1 against default on the same "
        "documents, not corrected. The run that was chosen on validation stands out.",
    ),
    "switches": Caption(
        "Relations study: what each switch brings",
        "Differences of strict F1 from default on the same documents, with 95 % intervals. With three training seeds "
        "or more they are of means over seeds, and seeds and documents both count as drawn; with fewer they are "
        "between two models, over documents, and nothing is claimed about a switch. The verdict is that of p_holm, "
        "which is corrected over the switches of a split.",
    ),
    "familiarity": Caption(
        "Relations study: terms that stand in the training text, and terms held out from it",
        "An entity is in the training text where an entity of the training split has the same text. A predicted entity "
        "counts by its own text. A relation is held out where one of its entities is.",
    ),
    "entity_types": Caption(
        "Relations study: entity types",
        "Strict: boundaries and type are right; relaxed: the type is right and the boundaries overlap. Intervals are "
        "95 %, over documents.",
    ),
    "relation_types": Caption(
        "Relations study: relation types",
        "Strict: type, direction and both entities are right; relaxed: type and direction are right and the entities "
        "overlap, whatever their types. In the split given the entities are given. Intervals are 95 %, over documents.",
    ),
}
"""Tables that are pages of the report as well."""
PLAIN = ("errors", "entity_confusion", "relation_confusion", "answers")
"""Tables that are files alone."""
PLOTS = ("comparison", "relation_types", "entity_confusion", "relation_confusion", "errors")
