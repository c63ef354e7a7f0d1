"""Which rows go through the model together."""

from collections.abc import Sequence


def batches_by_budget(lengths: Sequence[int], extra: int, batch_tokens: int) -> list[list[int]]:
    """Group rows into batches of like length, longest first: little padding, and the largest batch comes first.

    lengths: tokens of each row. extra: tokens that every row needs besides (new tokens, completions).
    batch_tokens: rows × (longest row + extra) stays within it; a row that alone exceeds it is a batch of its own.
    Returns the row indices of each batch. Rows of equal length keep their order.
    """
    plan: list[list[int]] = []
    room = 0
    for row in sorted(range(len(lengths)), key=lambda row: -lengths[row]):
        if room == 0:
            plan.append([])
            room = max(1, batch_tokens // max(1, lengths[row] + extra))
        plan[-1].append(row)
        room -= 1
    return plan
