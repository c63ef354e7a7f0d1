import pytest

from medtune.data.medical_qa import read_specialties
from medtune.data.provenance import MEDQUAD, SOURCES, table
from medtune.data.pubmedqa import licence_of
from medtune.errors import InputError
from medtune.tasks.relations.corpora import describe
from tests.conftest import ROOT


def test_readme_has_the_table_of_sources():
    assert table() in (ROOT / "README.md").read_text(encoding="utf-8")
    assert {source.key for source in SOURCES} == {"yesno", "radgraph", "meerkat", "maccrobat", "relations"}


def test_missing_specialties_are_said_with_where_to_get_data(tmp_path):
    with pytest.raises(InputError) as caught:
        read_specialties(tmp_path / "none", 1)
    assert MEDQUAD.where in str(caught.value) and MEDQUAD.license in str(caught.value)


def test_the_license_of_pubmedqa_is_that_of_its_released_file_alone(corpora, tmp_path):
    released = corpora / "pubmedqa" / "ori_pqal.json"
    assert licence_of([released]) == "MIT"
    mine = tmp_path / "pubmedqa" / "ori_pqal.json"
    mine.parent.mkdir()
    mine.write_bytes(released.read_bytes() + b"\n")
    assert licence_of([mine]) is None and licence_of([released, mine]) is None


@pytest.mark.parametrize(
    ("format", "name", "given", "license"),
    [
        ("brat", "15939911.ann", None, None),
        ("brat", "15939911.ann", "CC BY 4.0", "CC BY 4.0"),
        ("chemprot", "ours_entities.tsv", None, None),
        ("chemprot", "drugprot_training_entities.tsv", None, None),
        ("chemprot", "drugprot_training_entities.tsv", "ours", "ours"),
        ("biored", "Train.PubTator", None, None),
    ],
)
def test_the_license_of_a_corpus_of_relations_is_recorded_where_it_is_known_alone(
    tmp_path, format, name, given, license
):
    (tmp_path / name).write_text("")
    path = tmp_path / name if format == "biored" else tmp_path
    assert describe({"format": format, "train": str(path), "license": given}, "train", 1).licence == license
