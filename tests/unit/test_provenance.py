from typing import get_args

import pytest

from medtune.errors import InputError
from medtune.studies.meerkat.medical_qa import read_specialties
from medtune.studies.provenance import MEDQUAD, SOURCES, table
from medtune.studies.radgraph.reports import read_radgraph
from medtune.studies.relations.corpora import describe
from medtune.studies.yesno.pubmedqa import license_of
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
    assert license_of([released]) == "MIT"
    mine = tmp_path / "pubmedqa" / "ori_pqal.json"
    mine.parent.mkdir()
    mine.write_bytes(released.read_bytes() + b"\n")
    assert license_of([mine]) is None and license_of([released, mine]) is None


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


def readers():
    """What reads each format of each study, as a function of a path."""
    from medtune.studies.maccrobat import prepare as maccrobat
    from medtune.studies.maccrobat.section import MaccrobatData
    from medtune.studies.relations.corpora import read_corpus
    from medtune.studies.yesno import prepare as yesno
    from medtune.studies.yesno.section import YesNoFile

    def of_maccrobat(format):
        return lambda path: maccrobat._read(MaccrobatData(source={"format": format, "path": path}), 1)

    def of_yesno(format):
        return lambda path: yesno._read("q", YesNoFile(format=format, path=path), 1, 0.8, False)

    def of_relations(format):
        return lambda path: read_corpus({"format": format, "train": path}, "train")

    return {
        **{("yesno", name): of_yesno(name) for name in ("pubmedqa_labeled", "pubmedqa_artificial", "bioasq")},
        **{("maccrobat", name): of_maccrobat(name) for name in ("brat", "json")},
        **{("relations", name): of_relations(name) for name in ("biored", "chemprot", "brat")},
        ("radgraph", "radgraph"): read_radgraph,
        ("meerkat", "files"): lambda path: read_specialties(path, 1),
    }


@pytest.mark.parametrize(("study", "format"), readers())
def test_data_that_are_not_there_are_said_with_where_to_get_them(study, format, tmp_path):
    path = str(tmp_path / "none")
    with pytest.raises(InputError) as caught:
        readers()[study, format](path)
    sentence = str(caught.value)
    assert sentence.startswith(f"{path}: no such f") and "\n" not in sentence
    sources = [source for source in SOURCES if format in source.formats]
    for source in [source for source in sources if source.key == study] or sources:
        assert f"{source.name} is at {source.where} ({source.license})" in sentence
    assert f"{study}.data" in sentence


def test_every_format_of_a_file_in_the_configuration_has_a_reader_and_a_source():
    from medtune.studies.maccrobat.section import MaccrobatFiles
    from medtune.studies.meerkat.section import MeerkatFiles
    from medtune.studies.radgraph.section import RadGraphFiles
    from medtune.studies.relations.section import RelationsFiles
    from medtune.studies.yesno.section import YesNoFile

    sections = {
        "yesno": YesNoFile,
        "maccrobat": MaccrobatFiles,
        "relations": RelationsFiles,
        "radgraph": RadGraphFiles,
        "meerkat": MeerkatFiles,
    }
    formats = {
        (study, format)
        for study, section in sections.items()
        for format in get_args(section.model_fields["format"].annotation)
    }
    assert formats == set(readers())
    assert {format for _, format in formats} == {format for source in SOURCES for format in source.formats}
