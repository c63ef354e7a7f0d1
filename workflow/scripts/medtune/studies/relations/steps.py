"""Two steps at inference: relations are asked for between the entities of the first answers, then both are joined."""

import math
from collections.abc import Mapping, Sequence

from medtune.data.json_output import Status
from medtune.data.predictions import LONGER_GOLD, answers_of
from medtune.data.related import from_row
from medtune.errors import InputError
from medtune.files import rounded
from medtune.kinds.relations.output import ENTITIES, RELATIONS
from medtune.studies.relations.rows import distinct, row_of

FROM_BEST: tuple[Status, ...] = ("ok", "trailing_text", "truncated", "wrong_shape", "not_json")
"""Statuses by how much of an answer they put in doubt."""
PASS_FIELDS = ("raw", "status", "prompt_tokens", "output_tokens", "finish", "confidence")


def given_rows(rows: Mapping[str, Sequence[dict]], predictions: Sequence[dict]) -> dict[str, list[dict]]:
    """The rows of the second step, by split: each document with the entities that the first step found.

    rows: by split, those of the first step, or other rows of the same documents. predictions: of the first step. Each
    pair of text and type is given once, in the order of the answer; none of an answer that cannot be read.
    Raises InputError when an answer is missing, doubled, or of no document.
    """
    answers = answers_of(rows, predictions)
    return {
        split: [
            row_of(from_row(row), "relations", distinct((e["text"], e["type"]) for e in _items(answer, ENTITIES)))
            for row, answer in zip(rows[split], answers[split], strict=True)
        ]
        for split in rows
    }


def join_steps(first: Sequence[dict], second: Sequence[dict]) -> list[dict]:
    """One prediction for each document, from those of both steps, in the order of the second.

    value: entities of the first and relations of the second answer, None when neither can be read. status: the worse
    one. raw: both answers, the second on a new line. Tokens are added; finish is "length" if either is; confidence is
    the geometric mean of both, weighed by their tokens. passes: what `PASS_FIELDS` were in each.
    A split that the first step does not have (one with given entities) stays as it is.
    Raises InputError when an answer of the first step has no second one, or the other way round.
    """
    splits = {prediction["split"] for prediction in first}
    wanted = {split: [row for row in second if row["split"] == split] for split in splits}
    found = answers_of(wanted, first)
    entities = {(split, answer["id"]): answer for split, answers in found.items() for answer in answers}
    if len(entities) != sum(map(len, wanted.values())):
        raise InputError("predictions: two answers of the second step to one document; expected one")
    return [_joined(entities[row["split"], row["id"]], row) if row["split"] in splits else dict(row) for row in second]


def _joined(first: dict, second: dict) -> dict:
    """Both answers to one document as one prediction."""
    value = {ENTITIES: _items(first, ENTITIES), RELATIONS: _items(second, RELATIONS)}
    passes = [first, second]
    return {
        "id": second["id"],
        "split": second["split"],
        "raw": "\n".join(answer["raw"] for answer in passes),
        "value": None if first["value"] is None and second["value"] is None else value,
        "status": max((answer["status"] for answer in passes), key=FROM_BEST.index),
        "prompt_tokens": sum(answer["prompt_tokens"] for answer in passes),
        "output_tokens": sum(answer["output_tokens"] for answer in passes),
        "finish": "length" if "length" in (answer["finish"] for answer in passes) else "eos",
        "confidence": _confidence(passes),
        "passes": [{name: answer[name] for name in PASS_FIELDS} for answer in passes],
        **({LONGER_GOLD: True} if any(LONGER_GOLD in answer for answer in passes) else {}),
    }


def _items(answer: dict, name: str) -> list[dict]:
    return [] if answer["value"] is None else answer["value"][name]


def _confidence(passes: Sequence[dict]) -> float:
    """Geometric mean of the answers' confidences, each weighed by its tokens, EOS included."""
    tokens = [answer["output_tokens"] + (answer["finish"] == "eos") for answer in passes]
    logs = [math.log(max(answer["confidence"], 1e-30)) for answer in passes]
    return rounded(math.exp(sum(map(math.prod, zip(tokens, logs, strict=True))) / sum(tokens)))
