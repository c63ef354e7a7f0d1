"""Kind `answers`: the answer is text, compared with that of a reference."""
