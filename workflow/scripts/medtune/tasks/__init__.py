"""One module per study: render an example, parse an output, score a pair."""
