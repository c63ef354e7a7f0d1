"""A loss in which some tokens count more than others. Batches without weights are treated as by TRL."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from trl import SFTTrainer
from trl.trainer.sft_trainer import DataCollatorForLanguageModeling
from trl.trainer.utils import pad

WEIGHTS = "weights"
"""Column of a data set, and entry of a batch: a weight for each token, 0 where it has no share in the loss."""


@dataclass
class WeightCollator(DataCollatorForLanguageModeling):
    """TRL's collator; lays out the weights, where there are any, as it does the labels: padded or end to end."""

    def torch_call(self, examples: list[dict[str, Any]]) -> dict[str, Any]:
        """A batch of rows, with `WEIGHTS` in the shape of `labels`."""
        batch = super().torch_call(examples)
        if WEIGHTS in examples[0]:
            rows = [torch.tensor(example[WEIGHTS]) for example in examples]
            batch[WEIGHTS] = pad(
                [torch.cat(rows)] if self.padding_free else rows,
                padding_value=0,
                padding_side="right",
                pad_to_multiple_of=self.pad_to_multiple_of,
            )
        return batch


def weighted_loss(
    log_probs: torch.Tensor, weights: torch.Tensor, total: torch.Tensor | float | None = None
) -> torch.Tensor:
    """Weighted mean of the cross-entropy: Σ w·(-log p) / Σ w.

    log_probs: (rows, tokens - 1), of each token but the first given those before it. weights: (rows, tokens).
    total: sum of the weights of the whole optimiser step; none means those given.
    """
    weights = weights[:, 1:]
    return -(weights * log_probs).sum() / (weights.sum() if total is None else total)


class WeightedTrainer(SFTTrainer):
    """SFTTrainer that heeds the weights in its data sets. (With them, it leaves out TRL's figures of entropy and token
    accuracy, and the auxiliary loss of mixture-of-experts models.)"""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        # Not given to TRL, which refuses any collator of ours where batches are padding-free.
        self.data_collator = WeightCollator(**vars(self.data_collator))

    def get_batch_samples(self, epoch_iterator: Iterator, num_batches: int, device: torch.device) -> tuple[list, Any]:
        """The batches of one optimiser step, and what its loss is divided by: the weights of all its batches in all
        processes, instead of the number of tokens."""
        batches, total = super().get_batch_samples(epoch_iterator, num_batches, device)
        if total is not None and WEIGHTS in batches[0]:
            total = self.accelerator.reduce(sum(batch[WEIGHTS].sum() for batch in batches).to(device), "sum")
        return batches, total

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """As SFTTrainer does, with the fused head that scores completions only; see `weighted_loss`."""
        if WEIGHTS not in inputs:
            return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        others = {name: value for name, value in inputs.items() if name != WEIGHTS}
        outputs = model(**others, use_cache=False, fused_lm_head=True)
        loss = weighted_loss(outputs.log_probs, inputs[WEIGHTS], num_items_in_batch)
        if num_items_in_batch is not None:
            # It counts all processes, over which the gradients are averaged.
            loss = loss * self.accelerator.num_processes
        return (loss, outputs) if return_outputs else loss
