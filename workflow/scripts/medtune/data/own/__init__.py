"""Readers of the user's own data: from a file or folder to canonical examples of a kind, or a sentence of what fails.

`read` finds the reader of a format, `records` is what readers give, `examples` makes and checks the examples:
all have `id`, `text`, `source` and, where the data have one, `group`; labels: `label`, perhaps `rationale`; answers:
`answer`; spans: `entities` [{start, end, type, text}]; relations: also `relations` [{head, tail, type}].
"""
