"""Adapters (causal LM) and taggers (encoders), resumable."""
