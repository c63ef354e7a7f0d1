"""The plain script that counts the answers of methods anew places values as the scorer says that it does."""

import numpy as np
import pytest

from medtune.kinds.spans.task import SpanTask
from tests.recompute_methods import placed

TASK = SpanTask("notes", "{text}", ("Drug", "Disease"))
WORDS = (
    "gout",
    "Gout",
    "GOUT",
    "aspirin",
    "Aspirin",
    "in",
    "congenital gout",
    "gout.",
    "5 mg",
    "hypertension",
    ".",
    ",",
)
ELSEWHERE = ("", "(", "aspirn", "hypertensions", "6 mg", "warfarin")


def scored(text, items):
    """As `placed`, by the scorer."""
    return [span and (span.start, span.end, span.label.casefold()) for span in TASK.read(text, items, "ok").spans]


@pytest.mark.parametrize(
    ("text", "values", "starts"),
    [
        ("Gout is likely. No gout.", ["gout"], [19]),
        ("Gout is likely. No gout.", ["gout", "Gout"], [19, 0]),
        ("gout, then gout", ["gout", "gout", "gout"], [0, 11, 0]),
        ("gout, asthma, gout", ["asthma", "gout"], [6, 14]),
        ("gout, asthma, gout", ["asthma", "gout", "gout"], [6, 0, 14]),
        ("art in heart", ["ART"], [0]),
        ("heart", ["art"], [2]),
        ("Hypertensions, 100 mg", ["hypertenson", "200 mg"], [0, None]),
    ],
)
def test_values_have_the_place_that_the_documentation_gives_them(text, values, starts):
    items = [{"type": "Drug", "text": value} for value in values]
    assert [place and place[0] for place in placed(text, items)] == starts
    assert placed(text, items) == scored(text, items)


def test_random_lists_are_placed_as_the_scorer_places_them():
    rng = np.random.default_rng(5)
    for _ in range(400):
        text = " ".join(rng.choice(WORDS, size=12))
        values = rng.choice([*WORDS, *ELSEWHERE], size=6).tolist()
        items = [{"type": str(rng.choice(TASK.types.names)), "text": value} for value in values]
        assert placed(text, items) == scored(text, items), (text, values)
