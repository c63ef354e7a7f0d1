"""medtune: adapt language models to clinical and biomedical text, and say honestly how good they are."""
