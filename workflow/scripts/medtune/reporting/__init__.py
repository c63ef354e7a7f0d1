"""Tables, plots, model cards."""
