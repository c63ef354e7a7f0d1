from pathlib import Path

import pytest

from medtune.data.medical_qa import read_specialties
from medtune.data.provenance import MEDQUAD, SOURCES, table
from medtune.data.pubmedqa import licence_of
from medtune.errors import InputError
from tests.conftest import ROOT


def test_readme_has_the_table_of_sources():
    assert table() in (ROOT / "README.md").read_text(encoding="utf-8")
    assert {source.key for source in SOURCES} == {"yesno", "radgraph", "meerkat", "maccrobat", "relations"}


def test_missing_specialties_are_said_with_where_to_get_data(tmp_path):
    with pytest.raises(InputError) as caught:
        read_specialties(tmp_path / "none", 1)
    assert MEDQUAD.where in str(caught.value) and MEDQUAD.license in str(caught.value)


def test_the_license_of_pubmedqa_is_that_of_its_own_files_alone():
    assert licence_of([Path("data/pubmedqa/ori_pqal.json")]) == "MIT"
    assert licence_of([Path("data/pqa_artificial/train-00000-of-00001.parquet")]) == "MIT"
    assert licence_of([Path("data/ours.json")]) is None
    assert licence_of([Path("data/ours/train.parquet")]) is None
