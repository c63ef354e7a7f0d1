"""Label maps as files: the documented example is one, and a broken one is told in one sentence."""

import json
import textwrap

import pytest
import yaml

from medtune.data.related import RelatedCorpus, RelatedDocument, RelatedEntity
from medtune.data.relation_schema import STUDY_SCHEMA
from medtune.errors import InputError
from medtune.studies.relations import label_map_file
from medtune.studies.relations.label_map import LabelMap, Rule, map_labels
from medtune.studies.relations.label_map_file import read_label_map

EXAMPLE = textwrap.dedent(label_map_file.__doc__.partition("\n\n")[2])
EXPECTED = LabelMap(
    name="My corpus (proxy)",
    entities={"Chemical": "Drug", "Disease": "Disease", "Gene": None},
    relations={"Negative_Correlation": (Rule("treats", "Drug", "Disease"),), "Association": ()},
    undirected=True,
    caption="Correlations are read as treatment.",
)
CONTENT = yaml.safe_load(EXAMPLE)


@pytest.mark.parametrize(("name", "text"), [("map.yaml", EXAMPLE), ("map.json", json.dumps(CONTENT))])
def test_the_documented_example_is_a_label_map_in_both_forms(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    assert read_label_map(tmp_path / name) == EXPECTED


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ([], "the file: "),
        ({**CONTENT, "entity": {}}, "entity: "),
        ({name: value for name, value in CONTENT.items() if name != "relations"}, "relations: Field required"),
        ({**CONTENT, "entities": {}}, "entities: "),
        ({**CONTENT, "entities": {"Gene": 1}}, "entities.Gene: "),
        ({**CONTENT, "undirected": "yes"}, "undirected: "),
        ({**CONTENT, "relations": {"X": [{"type": "treats", "head": "Drug"}]}}, "relations.X.0.tail: Field required"),
        (
            {**CONTENT, "relations": {"X": [{"type": "treats", "head": "Drug", "tail": "Gene"}]}},
            'relations.X: no entity type becomes "Gene", so that the rule for "treats" never holds; expected one of '
            "Disease, Drug",
        ),
    ],
)
def test_a_broken_map_is_told_with_its_place(tmp_path, broken, told):
    path = tmp_path / "map.yaml"
    path.write_text(yaml.safe_dump(broken))
    with pytest.raises(InputError) as caught:
        read_label_map(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert told in str(caught.value) and "\n" not in str(caught.value)


def test_broken_yaml_is_told_with_its_line(tmp_path):
    path = tmp_path / "map.yaml"
    path.write_text("name: x\nentities: [a\nrelations: {}\n")
    with pytest.raises(InputError, match=r"map\.yaml, line 3: not valid YAML"):
        read_label_map(path)


def test_a_map_that_leaves_out_a_label_of_the_corpus_is_refused_by_name(tmp_path):
    (tmp_path / "map.yaml").write_text(EXAMPLE)
    document = RelatedDocument("1", "ab", (RelatedEntity(0, 1, "Organ", "a"), RelatedEntity(1, 2, "Gene", "b")))
    with pytest.raises(InputError, match=r'"My corpus \(proxy\)": does not name the entity type "Organ"'):
        map_labels(RelatedCorpus((document,)), read_label_map(tmp_path / "map.yaml"), STUDY_SCHEMA)


def test_a_key_that_stands_twice_in_yaml_is_refused(tmp_path):
    path = tmp_path / "map.yaml"
    path.write_text("name: a\nname: b\nentities: {}\nrelations: {}\n")
    with pytest.raises(InputError, match=r"map\.yaml, line 2: .*name"):
        read_label_map(path)
