"""Encoders that give each word a tag."""
