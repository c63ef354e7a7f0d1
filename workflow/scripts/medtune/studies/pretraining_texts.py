"""What the synthetic base models read in pre-training.

It is in the words and the phrasing of the studies' synthetic corpora, and teaches to copy and to list, but no study's
answer format and no labels: adapters and taggers have something to learn.
"""

from medtune.studies.maccrobat.generator import make_case_reports
from medtune.studies.radgraph.listing import listing_documents
from medtune.studies.relations.listing import relation_listing_documents
from medtune.studies.yesno.plain import plain_documents

TEXTS = {
    "general": (plain_documents, 12000),
    "reports": (listing_documents, 40000),
    "relations": (relation_listing_documents, 40000),
}
"""What causal models read, and how many documents are made of it: enough that lists are not learnt by heart."""
CASE_REPORTS = 400
SEED_OFFSET = 1_000_000
"""Added to the seed of case reports, so that none read in pre-training is one of the study's."""


def pretraining_documents(text: str, seed: int) -> list[str]:
    """What a synthetic causal model of this text and seed has read."""
    write, count = TEXTS[text]
    return write(count, seed)


def pretraining_texts(seed: int) -> list[str]:
    """What a synthetic encoder of this seed has read: case reports in the templates and terms of the training split."""
    return [report.text for report in make_case_reports(CASE_REPORTS, seed + SEED_OFFSET)]
