"""What a tagger's predictions say about it: its types, errors, confidence and speed."""
