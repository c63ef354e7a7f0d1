"""Where the data of each study can be had, and under which license: for messages about missing data and for README."""

from collections.abc import Sequence
from dataclasses import dataclass

from medtune.data.maccrobat_release import LICENSE as MACCROBAT_LICENSE
from medtune.data.pubmedqa import LICENCE as PUBMEDQA_LICENSE


@dataclass(frozen=True)
class Provenance:
    """A data set. key: section of the configuration that names its files. where: a link. license: or its terms."""

    key: str
    name: str
    where: str
    license: str


MEDQUAD = Provenance("meerkat", "MedQuAD", "https://github.com/abachaa/MedQuAD", "CC BY 4.0")
SOURCES = (
    Provenance("yesno", "PubMedQA", "https://github.com/pubmedqa/pubmedqa", PUBMEDQA_LICENSE),
    Provenance(
        "yesno", "BioASQ task B", "http://participants-area.bioasq.org/datasets/", "terms of BioASQ, after registration"
    ),
    Provenance(
        "radgraph",
        "RadGraph, RadGraph-XL",
        "https://physionet.org/content/radgraph",
        "PhysioNet Credentialed Health Data License, after training and registration",
    ),
    MEDQUAD,
    Provenance("maccrobat", "MACCROBAT 2020", "https://doi.org/10.6084/m9.figshare.9764942", MACCROBAT_LICENSE),
    Provenance(
        "relations",
        "BioRED",
        "https://ftp.ncbi.nlm.nih.gov/pub/lu/BioRED/BIORED.zip",
        "public domain: United States Government work",
    ),
    Provenance(
        "relations",
        "ChemProt",
        "https://biocreative.bioinformatics.udel.edu, after registration",
        "terms of BioCreative",
    ),
    Provenance("relations", "DrugProt", "https://doi.org/10.5281/zenodo.5119892", "CC BY 4.0"),
)


def table(sources: Sequence[Provenance] = SOURCES) -> str:
    """The sources as a Markdown table, as README has it."""
    rows = [("study", "data", "where", "license or terms"), ("---",) * 4]
    rows += [(f"`{source.key}`", source.name, source.where, source.license) for source in sources]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)
