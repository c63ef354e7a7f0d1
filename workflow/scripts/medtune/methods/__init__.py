"""From examples to predictions: what each way of adapting a model needs, whatever the study."""
