"""Kind `spans`: the answer lists entities of a text, each with its type."""
