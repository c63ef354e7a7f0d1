"""Where the lines and arrows of a text with relations go, in pixels: no browser is asked how wide a word is.

Each line of text has room above it for lanes. An arrow rises from its head to a lane, runs along it and comes down on
its tail; between two lines it runs along the left edge. Arrows that would meet in a lane lie above one another.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

CELL, SMALL_CELL = 8, 6
"""Width of a character of the text, and of an arrow's label; each run of text is drawn as many times that wide."""
COLUMNS = 60
TEXT_HEIGHT, LANE, GAP = 18, 15, 12
EDGE, CHANNEL, APART = 10, 7, 6


@dataclass(frozen=True)
class Join:
    """An arrow to be drawn. head, tail: (start, end) offsets of its entities. label: shown in its lane."""

    head: tuple[int, int]
    tail: tuple[int, int]
    label: str


@dataclass(frozen=True)
class Line:
    """Characters [start, end) of the text, written on the base line y."""

    start: int
    end: int
    y: int


@dataclass(frozen=True)
class Route:
    """A drawn arrow: the corners of its path from head to tail, and the middle of its label."""

    corners: tuple[tuple[int, int], ...]
    label_x: int
    label_y: int


@dataclass(frozen=True)
class Layout:
    """Everything in place. left: where the lines begin. routes: in the order of the joins."""

    lines: tuple[Line, ...]
    routes: tuple[Route, ...]
    left: int
    width: int
    height: int

    def boxes(self, start: int, end: int) -> list[tuple[int, int, int]]:
        """(x, base line, width) of characters [start, end), a box for each line that they are on."""
        found = []
        for line in self.lines:
            first, last = max(start, line.start), min(end, line.end)
            if first < last:
                found.append((self.left + (first - line.start) * CELL, line.y, (last - first) * CELL))
        return found


@dataclass(frozen=True)
class _Run:
    """The part of an arrow in a lane of one line, with room for its label: x from begin to end."""

    arrow: int
    line: int
    begin: int
    end: int


def lay_out(text: str, joins: Sequence[Join]) -> Layout:
    """Lines of at most `COLUMNS` characters, cut at white space where there is some, and the arrows over them.

    Raises ValueError when an argument of a join is empty or outside the text.
    """
    for start, end in (argument for join in joins for argument in (join.head, join.tail)):
        if not 0 <= start < end <= len(text):
            raise ValueError(f"an arrow at {start} to {end} in a text of {len(text)} characters")
    cuts = _lines(text)
    ends = _ends(cuts, joins)
    across = [number for number, (head, tail) in enumerate(ends) if head[0] != tail[0]]
    left = EDGE + CHANNEL * len(across)
    channels = {number: EDGE + CHANNEL * place for place, number in enumerate(across)}
    ends = [tuple((line, left + x) for line, x in pair) for pair in ends]

    runs = [run for number, pair in enumerate(ends) for run in _runs(number, pair, channels, len(joins[number].label))]
    lanes = _lanes(runs)
    lines, y = [], 0
    for number, (start, end) in enumerate(cuts):
        y += GAP + TEXT_HEIGHT + LANE * max((lane + 1 for run, lane in lanes.items() if run.line == number), default=0)
        lines.append(Line(start, end, y))

    heights = {
        (run.arrow, run.line): lines[run.line].y - TEXT_HEIGHT - lane * LANE - LANE // 2 for run, lane in lanes.items()
    }
    labelled = {run.arrow: run for run in runs}  # the run over the tail, which comes last
    routes = []
    for number, ((line, x), (other, far)) in enumerate(ends):
        up, down = heights[number, line], heights[number, other]
        edge = [(channels[number], up), (channels[number], down)] if number in channels else []
        corners = [
            (x, lines[line].y - TEXT_HEIGHT + 2),
            (x, up),
            *edge,
            (far, down),
            (far, lines[other].y - TEXT_HEIGHT + 2),
        ]
        routes.append(Route(tuple(corners), (labelled[number].begin + labelled[number].end) // 2, down))
    right = max([left + COLUMNS * CELL, *(run.end for run in runs)])
    return Layout(tuple(lines), tuple(routes), left, right + EDGE, y + GAP)


def _lines(text: str) -> list[tuple[int, int]]:
    """Offsets of the lines; a line break ends one and belongs to it."""
    cuts, start = [], 0
    while start < len(text):
        end = min(start + COLUMNS, len(text))
        broken = text.find("\n", start, end)
        if broken >= 0:
            end = broken + 1
        elif end < len(text):
            end = next((at for at in range(end, start, -1) if text[at - 1].isspace()), end)
        cuts.append((start, end))
        start = end
    return cuts


def _ends(cuts: Sequence[tuple[int, int]], joins: Sequence[Join]) -> list[tuple[tuple[int, int], ...]]:
    """(line, x from where the lines begin) of the head and of the tail of each arrow: over the middle of the entity's
    first line, and beside the other arrows of the same entity."""
    used: Counter[tuple[int, int]] = Counter()

    def end_of(argument: tuple[int, int]) -> tuple[int, int]:
        line = next(number for number, (first, last) in enumerate(cuts) if first <= argument[0] < last)
        first, last = cuts[line]
        width = (min(argument[1], last) - argument[0]) * CELL
        middle = (argument[0] - first) * CELL + width // 2
        place = used[line, middle]
        used[line, middle] += 1
        steps = (place + 1) // 2 if place % 2 else -(place // 2)
        return line, middle + max(-(width // 2), min(width // 2, steps * APART))

    return [(end_of(join.head), end_of(join.tail)) for join in joins]


def _runs(arrow: int, ends: tuple[tuple[int, int], ...], channels: dict[int, int], label: int) -> list[_Run]:
    """The runs of one arrow, that over its tail last. label: its number of characters."""
    (line, x), (other, far) = ends
    room = (label + 1) * SMALL_CELL
    if line == other:
        begin, end = sorted((x, far))
        begin = max(EDGE, begin - max(0, room - (end - begin)) // 2)
        return [_Run(arrow, line, begin, max(end, begin + room))]
    start = channels[arrow]
    return [_Run(arrow, line, start, x), _Run(arrow, other, start, max(far, start + room))]


def _lanes(runs: Sequence[_Run]) -> dict[_Run, int]:
    """The lane of each run on its line, 0 being the lowest; short runs lie below long ones."""
    lanes: dict[_Run, int] = {}
    taken: dict[tuple[int, int], list[_Run]] = {}
    for run in sorted(runs, key=lambda run: (run.line, run.end - run.begin, run.begin, run.arrow)):
        lane = 0
        while any(run.begin <= other.end and other.begin <= run.end for other in taken.get((run.line, lane), ())):
            lane += 1
        taken.setdefault((run.line, lane), []).append(run)
        lanes[run] = lane
    return lanes
