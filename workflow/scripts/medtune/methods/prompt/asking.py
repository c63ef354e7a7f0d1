"""Prompts with as many examples as fit, and the count of those that do not."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import numpy as np

from medtune.errors import InputError
from medtune.kinds.task import Task
from medtune.methods.prompt.calibration import CONTENT_FREE, calibrated
from medtune.methods.prompt.forms import form_of
from medtune.methods.prompt.prompting import Prompting
from medtune.methods.prompt.shots import Unrelated, chosen, random_ranking, similarity_ranking

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Asked:
    """A question as token ids. shots: the examples in it, in their order. shot_tokens: tokens that they add. by_budget,
    by_context: examples that were chosen and left out, as the token budget or the model's context had no room.
    by_relation: examples that are wanting, as the others are of the question's group or like its text."""

    prompt: list[int]
    shots: tuple[dict, ...]
    shot_tokens: int
    by_budget: int
    by_context: int
    by_relation: int

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the examples, in their order."""
        return tuple(row["id"] for row in self.shots)


class Asking:
    """The questions of one job, asked with examples.

    Of the chosen examples those that fit are shown, the last-ranked left out first. The most similar one stands next to
    the question. Random ones stand in their rank, so that all prompts begin alike and the cache of what they share
    (`inference.inputs.Prefix`) holds the examples. form: how questions are put. asked: one for each question.
    """

    def __init__(
        self,
        prompting: Prompting,
        task: Task,
        tokenizer: Any,
        train: Sequence[dict],
        examples: Sequence[dict],
        room: int | None,
    ):
        """train: rows that examples are taken from. examples: the questions. room: longest prompt in tokens; None for
        no limit. What does not fit is told in the log.

        Raises InputError for more shots than rows, where no row fits the token budget, and where no question has room
        for an example.
        """
        self._prompting, self._room = prompting, room
        if prompting.shots > len(train):
            raise InputError(
                f"{prompting.train}: {len(train)} training examples, fewer than shots = {prompting.shots}; lower shots"
            )
        candidates = list(train) if prompting.shots else []
        self.form = form_of(task, tokenizer, candidates, prompting.chat)
        fitting = self._fitting(candidates)
        self._most = min(prompting.shots, len(fitting))
        self._too_long = len(candidates) - len(fitting)
        self._similar = bool(fitting) and prompting.examples == "similar"
        self._ranking = similarity_ranking(fitting) if self._similar else random_ranking(fitting, prompting.seed)
        self._allowed = Unrelated()
        self.asked = [self._ask(example) for example in examples]
        self._tell()

    def label_scores(self, score: Callable[[Sequence[list[int]]], np.ndarray]) -> np.ndarray:
        """Log-likelihoods of the labels after each question, calibrated where `Prompting` says so: (questions, labels).

        score: gives those after any prompts. The prompts without content have the same examples as the question.
        """
        scores = score([one.prompt for one in self.asked])
        if not self._prompting.calibrated or not self.asked:
            return scores
        shots = {one.ids: one.shots for one in self.asked}
        prompts = [self.form.prompt(rows, {"id": "", "text": text}) for rows in shots.values() for text in CONTENT_FREE]
        content_free = score(prompts).reshape(len(shots), len(CONTENT_FREE), -1)
        places = {ids: place for place, ids in enumerate(shots)}
        return calibrated(scores, content_free[[places[one.ids] for one in self.asked]])

    def counts(self) -> dict[str, Any]:
        """What answering.json says of examples: wanted for each question, shown and left out."""
        shown = [len(one.shots) for one in self.asked]
        return {
            "wanted": self._prompting.shots,
            "mean_shown": round(fmean(shown), 3) if shown else None,
            "mean_tokens": round(fmean(one.shot_tokens for one in self.asked), 1) if shown else None,
            "documents_with_fewer": sum(count < self._prompting.shots for count in shown),
            "documents_with_none": shown.count(0),
            "left_out_by_budget": sum(one.by_budget for one in self.asked),
            "left_out_by_context": sum(one.by_context for one in self.asked),
            "left_out_as_related": sum(one.by_relation for one in self.asked),
            "training_examples_too_long": self._too_long,
        }

    def _fitting(self, candidates: Sequence[dict]) -> list[dict]:
        """Those that alone fit the token budget."""
        limit = self._prompting.shot_tokens
        lengths = [len(self.form.prompt([row], row)) - len(self.form.prompt((), row)) for row in candidates]
        fitting = [row for row, length in zip(candidates, lengths, strict=True) if length <= limit]
        if candidates and not fitting:
            raise InputError(
                f"shot_tokens = {limit}: none of the {len(candidates)} training examples fits, the shortest takes "
                f"{min(lengths)} tokens; raise shot_tokens, or set shots to 0"
            )
        if len(fitting) < len(candidates):
            logger.warning(
                "%d of %d training examples take more than shot_tokens = %d tokens each, and are never shown",
                len(candidates) - len(fitting),
                len(candidates),
                limit,
            )
        return fitting

    def _ask(self, example: dict) -> Asked:
        ranked = chosen(example, self._ranking, self._allowed, self._most)
        by_relation = self._most - len(ranked)
        alone = len(self.form.prompt((), example))
        by_budget = by_context = 0
        while True:
            shots = tuple(reversed(ranked) if self._similar else ranked)
            prompt = self.form.prompt(shots, example)
            added = len(prompt) - alone
            if ranked and added > self._prompting.shot_tokens:
                by_budget += 1
            elif ranked and self._room is not None and len(prompt) > self._room:
                by_context += 1
            else:
                return Asked(prompt, shots, added, by_budget, by_context, by_relation)
            ranked.pop()

    def _tell(self) -> None:
        counts, shots = self.counts(), self._prompting.shots
        if not shots or not self.asked:
            return
        if counts["documents_with_none"] == len(self.asked):
            raise InputError(
                f"shots = {shots}: no question has room for an example: with the answer it fills the context of the "
                "base model, or every training example is of its group or like its text; set shots to 0, or choose a "
                "base model with a longer context"
            )
        if counts["documents_with_fewer"]:
            logger.warning(
                "%d of %d questions have fewer than %d examples, %d of them none: %d examples did not fit shot_tokens "
                "= %d, %d the context of the base model, and %d were of the group of the question or like its text",
                counts["documents_with_fewer"],
                len(self.asked),
                shots,
                counts["documents_with_none"],
                counts["left_out_by_budget"],
                self._prompting.shot_tokens,
                counts["left_out_by_context"],
                counts["left_out_as_related"],
            )
        logger.info("%.1f examples with %.0f tokens a question", counts["mean_shown"], counts["mean_tokens"])
