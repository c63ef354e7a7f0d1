"""Bad input to the relations study: one clear sentence, no traceback, nothing half-written. And what looks bad but is
not: it is kept, or left out and counted. Answers that are bad (nested JSON, ten thousand repeats, half an object) have
their tests with the parser and the scores."""

import json

import pytest

from medtune.files import read_jsonl
from tests.workspace import Workspace

DATA = "results/tiny/relations/data"
MANIFEST = f"{DATA}/manifest.json"
MIXED = f"{DATA}/without0+mixed/train.jsonl"
ONCE = ("--profile", "tiny", "--retries", "0")  # a second attempt would say the same


def document(number: int, *lines: str) -> str:
    """An abstract in PubTator form, with a relation. lines: further ones, without the document's id."""
    title, abstract = f"Aspirin in gout {number}.", "It was safe."
    given = [
        f"{number}|t|{title}",
        f"{number}|a|{abstract}",
        f"{number}\t0\t7\tAspirin\tChemicalEntity\tD1",
        f"{number}\t11\t15\tgout\tDiseaseOrPhenotypicFeature\tD2",
        f"{number}\tNegative_Correlation\tD1\tD2\tNo",
        *(f"{number}{line}" for line in lines),
    ]
    return "\n".join(given) + "\n\n"


def files(workspace: Workspace, odd: str | None = None, labels: str = "own", **study) -> dict:
    """Configuration with one PubTator file as the only source: ten sound documents, and perhaps an odd one."""
    content = "".join(map(document, range(1, 11))) + (odd or "")
    (workspace.folder / "corpus.PubTator").write_text(content)
    source = {"format": "biored", "train": "corpus.PubTator", "labels": labels}
    return {"relations": {"data": {"source": source}, **study}}


def label_map(workspace: Workspace, **changes) -> str:
    """A file with a label map for these documents."""
    content = {
        "name": "Mine",
        "entities": {"ChemicalEntity": "Drug", "DiseaseOrPhenotypicFeature": "Disease"},
        "undirected": True,
        "relations": {"Negative_Correlation": [{"type": "treats", "head": "Drug", "tail": "Disease"}]},
    }
    (workspace.folder / "labels.json").write_text(json.dumps({**content, **changes}))
    return "labels.json"


@pytest.mark.parametrize(
    ("odd", "sentence"),
    [
        (
            document(99, "|0|7|Aspirin|ChemicalEntity|D1"),
            'corpus.PubTator, line 66: "99|0|7|Aspirin|ChemicalEntity|D1" cannot be read; expected "id|t|title"',
        ),
        (
            document(99, "|t|Aspirin|in gout"),
            "corpus.PubTator, line 66: no abstract follows; expected the next line",
        ),
        (
            document(99, "\tAssociation\tD1\tD7\tNo"),
            'corpus.PubTator, line 66: the relation "Association" names the concept "D7", which no entity of document'
            ' "99" has',
        ),
        (
            document(99, "\t0\t9\tAspirin\tChemicalEntity\tD1"),
            'line 66: the entity is "Aspirin", but at 0 to 9 the text has "Aspirin i"',
        ),
    ],
    ids=["bars in place of tabs", "a title that is no annotation", "unknown concept", "other text"],
)
def test_a_corpus_that_cannot_be_read(workspace, odd, sentence):
    assert sentence in workspace.refuse(*ONCE, MANIFEST, config=files(workspace, odd))
    assert workspace.files() == []


def test_a_label_map_that_leaves_out_a_label(workspace):
    odd = document(99, "\t20\t22\tIt\tGeneOrGeneProduct\tG1", "\tAssociation\tG1\tD2\tNo")
    config = files(workspace, odd, labels=label_map(workspace))
    sentence = (
        'label map "Mine": does not name the entity type "GeneOrGeneProduct" (1 in the corpus), the relation type'
        ' "Association" (1 in the corpus); say what each label becomes, or leave it out with null'
    )
    assert sentence in workspace.refuse(*ONCE, MANIFEST, config=config)
    assert workspace.files() == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"entities": {"ChemicalEntity": "Poison", "DiseaseOrPhenotypicFeature": "Disease"}, "relations": {}},
            'label map "Mine": the entity type "Poison" is not one of the study; expected Disease, Symptom, Drug',
        ),
        (
            {"relations": {"Negative_Correlation": [{"type": "heals", "head": "Drug", "tail": "Disease"}]}},
            'label map "Mine": the relation type "heals" is not one of the study; expected treats',
        ),
        ({"entities": {}}, "labels.json: entities: Dictionary should have at least 1 item"),
    ],
    ids=["entity type", "relation type", "no entities"],
)
def test_a_label_map_onto_what_the_study_does_not_have(workspace, changes, sentence):
    config = files(workspace, labels=label_map(workspace, **changes))
    assert sentence in workspace.refuse(*ONCE, MANIFEST, config=config)
    assert workspace.files() == []


def test_a_corpus_that_is_mixed_in_with_an_entity_type_outside_the_schema(workspace):
    """Its own labels are not those of the synthetic documents. Nothing but the rows of that variant is missing."""
    files(workspace)
    mix = {"format": "biored", "train": "corpus.PubTator"}
    config = {"relations": {"data": {"mix": mix}, "switches": {"mixed": {"mix": True}}}}
    output = workspace.refuse(*ONCE, MIXED, config=config)
    assert (
        'document "biored/1": "Aspirin" has the entity type "ChemicalEntity", which is not in the schema; expected one'
        " of Disease, Symptom, Drug, Lab_Test, Procedure" in output
    )
    assert not [name for name in workspace.files() if "mixed" in name]
    assert workspace.json(MANIFEST)["records"]["test"] > 0


def test_a_corpus_that_is_not_there(workspace):
    config = files(workspace)
    (workspace.folder / "corpus.PubTator").unlink()
    assert "corpus.PubTator: no such file" in workspace.refuse(*ONCE, MANIFEST, config=config)
    assert workspace.files() == []


def test_bars_in_titles_and_concepts_and_json_in_a_text_are_kept(workspace):
    """And relations are joined to what is mapped; the rest is left out and counted."""
    title = '{"entities":[{"text":"gout","type":"Drug"}],"relations":[]} | Aspirin in gout.'
    start = title.index("Aspirin")
    odd = (
        f"99|t|{title}\n99|a|Safe | sound.\n"
        f"99\t{start}\t{start + 7}\tAspirin\tChemicalEntity\tc|DEL|1314|\n"
        f"99\t{start + 11}\t{start + 15}\tgout\tDiseaseOrPhenotypicFeature\tD2\n"
        f"99\t{len(title) + 1}\t{len(title) + 5}\tSafe\tGeneOrGeneProduct\tG1\n"
        "99\tNegative_Correlation\tD2\tc|DEL|1314|\tNo\n99\tAssociation\tG1\tD2\tNo\n"
    )
    workspace.succeed(*ONCE, MANIFEST, f"{DATA}/without0/train.jsonl", config=files(workspace, odd, "biored_proxy"))
    found = [
        row
        for path in (f"{DATA}/validation.jsonl", f"{DATA}/test.jsonl", f"{DATA}/without0/train.jsonl")
        for row in read_jsonl(workspace.folder / path)
    ]
    (row,) = [row for row in found if row["id"] == "99"]
    assert len(found) == 11
    assert row["text"] == f"{title} Safe | sound."
    assert [(entity["text"], entity["label"]) for entity in row["entities"]] == [
        ("Aspirin", "Drug"),
        ("gout", "Disease"),
    ]
    assert row["relations"] == [{"type": "treats", "head": "c|DEL|1314|", "tail": "D2"}]
    manifest = workspace.json(MANIFEST)
    assert sum(sum(counts.values()) for counts in manifest["left_out"].values()) == 2
    assert "proxy" in manifest["labels"]["documents"]["name"]


@pytest.mark.parametrize(
    ("section", "sentence"),
    [
        (None, "relations.predict: not set; say where the notes are, for example --config 'relations={predict:"),
        ({"format": "folder", "path": "nowhere"}, 'relations.predict.path = "nowhere": no such file or folder'),
        (
            {"format": "folder", "path": "nowhere", "run": "longer"},
            'predict.run = "longer": must be one of default, weighted',
        ),
    ],
    ids=["not set", "not there", "no such run"],
)
def test_new_notes_that_are_not_there(workspace, section, sentence):
    """Said before the first job, not after the training."""
    config = {"relations": {"predict": section}} if section else None
    assert sentence in workspace.refuse(*ONCE, "-n", "predict", config=config)
