"""Prompts: a model that is not trained for the task answers without examples (zero-shot) or after some (k-shot)."""
