"""Where the data of each study can be had, and under which license: for messages about missing data and for README."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from medtune.errors import InputError
from medtune.studies.maccrobat.release import LICENSE as MACCROBAT_LICENSE
from medtune.studies.yesno.pubmedqa import LICENSE as PUBMEDQA_LICENSE


@dataclass(frozen=True)
class Provenance:
    """A data set. key: section of the configuration that names its files. formats: in which it can be given there.
    where: a link. license: or its terms."""

    key: str
    formats: tuple[str, ...]
    name: str
    where: str
    license: str


MEDQUAD = Provenance("meerkat", ("files",), "MedQuAD", "https://github.com/abachaa/MedQuAD", "CC BY 4.0")
SOURCES = (
    Provenance(
        "yesno",
        ("pubmedqa_labeled", "pubmedqa_artificial"),
        "PubMedQA",
        "https://github.com/pubmedqa/pubmedqa",
        PUBMEDQA_LICENSE,
    ),
    Provenance(
        "yesno",
        ("bioasq",),
        "BioASQ task B",
        "http://participants-area.bioasq.org/datasets/",
        "terms of BioASQ, after registration",
    ),
    Provenance(
        "radgraph",
        ("radgraph",),
        "RadGraph, RadGraph-XL",
        "https://physionet.org/content/radgraph",
        "PhysioNet Credentialed Health Data License, after training and registration",
    ),
    MEDQUAD,
    Provenance(
        "maccrobat",
        ("brat", "json"),
        "MACCROBAT 2020",
        "https://doi.org/10.6084/m9.figshare.9764942",
        MACCROBAT_LICENSE,
    ),
    Provenance(
        "relations",
        ("biored",),
        "BioRED",
        "https://ftp.ncbi.nlm.nih.gov/pub/lu/BioRED/BIORED.zip",
        "public domain: United States Government work",
    ),
    Provenance(
        "relations",
        ("chemprot",),
        "ChemProt",
        "https://biocreative.bioinformatics.udel.edu, after registration",
        "terms of BioCreative",
    ),
    Provenance("relations", ("chemprot",), "DrugProt", "https://doi.org/10.5281/zenodo.5119892", "CC BY 4.0"),
)


def missing(path: Path | str, kind: str, key: str, format: str) -> InputError:
    """The error for data of a study that are not there: where those of a format can be had, and under which license.

    kind: "file" or "folder". key: section of the study.
    """
    of_format = [source for source in SOURCES if format in source.formats]
    of_study = [source for source in of_format if source.key == key] or of_format
    known = ", ".join(f"{source.name} is at {source.where} ({source.license})" for source in of_study)
    return InputError(f"{path}: no such {kind}. {known}; set its path under {key}.data, or `format: synthetic` there")


def table(sources: Sequence[Provenance] = SOURCES) -> str:
    """The sources as a Markdown table, as README has it."""
    rows = [("study", "data", "where", "license or terms"), ("---",) * 4]
    rows += [(f"`{source.key}`", source.name, source.where, source.license) for source in sources]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)
