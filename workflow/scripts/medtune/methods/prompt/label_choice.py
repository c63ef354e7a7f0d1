"""Labels by likelihood: the label with the largest one, written as the task writes it."""

import numpy as np

from medtune.kinds.task import Task
from medtune.methods.adapter.answers import Question
from medtune.methods.found import Found, found_row
from medtune.metrics.softmax import log_softmax


def chosen_label_row(task: Task, question: Question, likelihoods: dict[str, float]) -> dict:
    """A row of predictions.jsonl. likelihoods: log-likelihood of each label; the first one wins a tie.

    confidence: the share of the label among all labels. Nothing is generated, so that there are no output tokens.
    """
    label = max(task.labels, key=likelihoods.__getitem__)
    share = float(np.exp(log_softmax([likelihoods[name] for name in task.labels])).max())
    found = Found({"label": label}, confidence=share, label_log_likelihoods=likelihoods)
    row = found_row(task, question.split, question.example, found)
    return {**row, "prompt_tokens": len(question.prompt), "shots": list(question.shots or ())}
