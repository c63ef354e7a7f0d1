"""Adapters of a causal language model, whose answers are text."""
