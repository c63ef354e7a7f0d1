"""Kind `labels`: the answer is one of some labels, with or without a reason."""
