"""Synthetic radiology reports of one part of a corpus."""

from medtune.studies.radgraph.generator import make_corpus


def make_reports(count, seed, part="train", read_twice=False):
    """`count` different reports, in RadGraph's layout."""
    return make_corpus({part: count}, seed, (part,) if read_twice else ())[part]
