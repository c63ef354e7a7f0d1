"""What a tagger's folder holds besides model and tokenizer."""

TAGGER_FILE = "tagger.json"
"""All else that determines its tags: `methods.encoder.tagger.TaggerSettings`."""
SCRIPT_FILE = "tag.py"
"""A script that tags texts by them."""
