"""What labels must be like, so that an answer tells them apart."""

from collections.abc import Iterable

RATIONALE = " Rationale:"
"""What stands between the label and its reason."""


def fault_of(labels: Iterable[str]) -> str | None:
    """What is wrong with the labels: one that is no single line of text, that holds what separates label and reason, or
    that differs from another one in case alone. None where they are fit."""
    seen: dict[str, str] = {}
    for label in labels:
        if label != label.strip() or len(label.splitlines()) != 1:
            return f'label "{label}" must be one line of text, without spaces around it'
        if RATIONALE in label:
            return f'label "{label}" must not hold "{RATIONALE.strip()}", which reasons begin with'
        other = seen.setdefault(label.casefold(), label)
        if other != label:
            return f'labels "{other}" and "{label}" differ in case alone; make them one'
    return None
