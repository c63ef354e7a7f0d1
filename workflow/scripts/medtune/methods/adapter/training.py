"""Training of one LoRA adapter on a causal language model, by TRL's SFTTrainer. Knows no task."""

import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from bitsandbytes.nn import Linear4bit
from datasets import Dataset
from peft import LoraConfig, get_peft_model, set_peft_model_state_dict
from peft.optimizers import create_loraplus_optimizer
from safetensors.torch import load_file
from transformers import AutoConfig, AutoModelForCausalLM
from transformers.training_args import OptimizerNames
from trl import SFTConfig

from medtune.config import ALL_LINEAR, Training
from medtune.errors import InputError
from medtune.files import read_json
from medtune.methods.adapter.layers import layers_of, linear_layers
from medtune.methods.adapter.weighted_loss import WEIGHTS, WeightedTrainer
from medtune.models.loading import check_quantization
from medtune.models.purpose import check_writer
from medtune.training.engine import MeasuredTrainer, Reporter, fit, no_report, shared_arguments
from medtune.training.preflight import Plan, Rows, resolved

logger = logging.getLogger("medtune")

OPTIMIZERS = {
    "adamw": OptimizerNames.ADAMW_TORCH_FUSED,
    "adamw_8bit": OptimizerNames.ADAMW_8BIT,
    "paged_adamw_8bit": OptimizerNames.PAGED_ADAMW_8BIT,
}
"""What the Trainer calls the configuration's optimisers; the first is its default."""

Validate = Callable[[Any, Any], dict[str, float]]
"""Figures of (model, tokenizer) on the validation split, by name. The model is in evaluation mode."""


class AdapterTrainer(MeasuredTrainer, WeightedTrainer):
    """SFTTrainer with weights of tokens, LoRA+, and our order of rows, validation and measurements."""

    def __init__(self, *args: Any, lora_plus: float | None, **kwargs: Any):
        """lora_plus: learning rate of the matrices B over that of A; none for the Trainer's own optimiser."""
        super().__init__(*args, **kwargs)
        self._lora_plus = lora_plus

    def create_optimizer(self, model: Any = None) -> torch.optim.Optimizer:
        """As the Trainer does, or with LoRA+'s groups of parameters."""
        if self._lora_plus is None or self.optimizer is not None:
            return super().create_optimizer(model)
        kind, options = self.get_optimizer_cls_and_kwargs(self.args, self.model)
        self.optimizer = create_loraplus_optimizer(
            self.model if model is None else model,
            kind,
            loraplus_lr_ratio=self._lora_plus,
            loraplus_weight_decay=self.args.weight_decay,
            **options,
        )
        return self.optimizer


def train(
    rows: Rows,
    validation_rows: Rows,
    settings: Training,
    plan: Plan,
    load_base: Callable[[], tuple[Any, Any]],
    checkpoints: Path,
    seed: int,
    validate: Validate | None = None,
    selected_by: str | None = None,
    report: Reporter = no_report,
    owner: int | None = None,
    start: Path | None = None,
) -> bool:
    """Train an adapter, or resume its training, until `checkpoints` holds a finished training; see `fit`.

    load_base: gives the frozen model, quantised as the settings say, and its tokenizer; called only
    when there is something left to train.
    validate: called at each evaluation; the best checkpoint is the one with the highest of its figures that
    `selected_by` names (ties: lower loss). Without it, the one with the lowest loss.
    start: folder of an adapter whose weights are the first ones, checked by `check_start`; none means a new adapter.
    """

    def build(**measuring: Any) -> AdapterTrainer:
        model, tokenizer = load_base()
        _keep_layout_of_4bit_weights(model)
        trainer = AdapterTrainer(
            model=model,
            args=trainer_arguments(settings, plan, checkpoints, seed, judged=validate is not None),
            train_dataset=_dataset(rows),
            eval_dataset=_dataset(validation_rows, by_length=True),
            processing_class=tokenizer,
            peft_config=lora_config(settings, model),
            validate=None if validate is None else lambda model: validate(model, tokenizer),
            selected_by=selected_by,
            lora_plus=settings.lora.lora_plus,
            **measuring,
        )
        _hold_in_float32(trainer.model)
        if start is not None:
            _set_weights(trainer.model, start)
        _warn_of_few_parameters(trainer.model, sum(rows.answer_lengths()))
        return trainer

    return fit(build, [len(ids) for ids in rows.input_ids], settings, plan, checkpoints, seed, report, owner)


def lora_config(settings: Training, model: Any) -> LoraConfig:
    """The adapter that the settings describe. model: the base model, for the names of its layers."""
    lora = resolved(settings).lora
    return LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=layers_of(model, lora.targets) if lora.targets in ("mlp", "attention") else lora.target_modules,
        use_rslora=lora.scaling == "rslora",
        use_dora=lora.dora,
        bias="none",
        task_type="CAUSAL_LM",
    )


def check_base(base: Path, settings: Training) -> None:
    """Refuse an encoder, and a base model that is quantised otherwise or lacks layers which are to get an adapter.

    base: folder, of which only the configuration is read.
    """
    check_writer(base)
    check_quantization(base, settings.quantization)
    lora, targets = settings.lora, settings.lora.target_modules
    if targets == ALL_LINEAR and lora.targets in (None, "all"):
        return
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(base, trust_remote_code=False))
    if lora.targets is not None:
        layers_of(model, lora.targets)
        return
    names = linear_layers(model)
    if isinstance(targets, str):  # PEFT takes a text for a regular expression that a layer's whole name has to match
        found = any(re.fullmatch(targets, name) for name in names)
        lacking = [] if found else [f'layer whose whole name matches "{targets}"']
    else:
        lacking = [target for target in targets if not any(f".{name}".endswith(f".{target}") for name in names)]
    if lacking:
        there = sorted({name.rpartition(".")[2] for name in names})
        raise InputError(
            f"training.lora.target_modules: the base model in {base} has no {', '.join(lacking)}; "
            f"it has {', '.join(there)}"
        )


def check_start(start: Path, base: Path, settings: Training) -> None:
    """Refuse to go on from an adapter that has another shape, scale or other layers than the settings say.

    start: adapter folder. base: folder of its base model, of which only the configuration is read.
    """
    with torch.device("meta"):
        config = AutoConfig.from_pretrained(base, trust_remote_code=False)
        model = AutoModelForCausalLM.from_config(config)
        model = get_peft_model(model, lora_config(settings, model))
    wanted, found = model.peft_config["default"], read_json(start / "adapter_config.json")
    for name, there, here in (
        ("rank", found["r"], wanted.r),
        ("alpha", found["lora_alpha"], wanted.lora_alpha),
        ("target_modules", sorted(found["target_modules"]), sorted(wanted.target_modules)),
        ("scaling", *(("rslora" if root else "two_r or fixed") for root in (found["use_rslora"], wanted.use_rslora))),
        ("dora", found["use_dora"], wanted.use_dora),
    ):
        if there != here:
            raise InputError(
                f"{start}: this adapter, from which training is to go on, has {name} = {there}, "
                f"and training.lora.{name} asks for {here}; set the same, or start with a new adapter"
            )


def trainer_arguments(settings: Training, plan: Plan, checkpoints: Path, seed: int, judged: bool) -> SFTConfig:
    """The Trainer's arguments. judged: there is a validation metric beside the loss.

    On CUDA batches are padding-free: with `attention_mask=None`, position ids and no cache, SDPA keeps the
    sequences of a row apart (`transformers.masking_utils.find_packed_sequence_indices`).
    """
    shared = shared_arguments(settings, plan, checkpoints, seed, judged)
    return SFTConfig(
        **shared,
        optim=OPTIMIZERS[settings.optimizer],
        padding_free=not shared["use_cpu"],
        max_length=None,
        dataset_kwargs={"skip_prepare_dataset": True},
        # TRL knows no weights, and would take them out.
        remove_unused_columns=False,
    )


def _dataset(rows: Rows, by_length: bool = False) -> Dataset:
    """The rows as a data set that TRL leaves as it is. by_length: in that order, which saves padding."""
    columns = {"input_ids": rows.input_ids, "labels": rows.labels}
    if rows.weights is not None:
        columns[WEIGHTS] = rows.weights
    order = list(range(len(rows)))
    if by_length:
        order.sort(key=lambda row: len(rows.input_ids[row]))
    return Dataset.from_dict({name: [column[row] for row in order] for name, column in columns.items()})


def _keep_layout_of_4bit_weights(model: Any) -> None:
    """Stop bitsandbytes from repacking 4-bit weights on some CPUs (AVX512-BF16) in the first evaluation.

    The repacked weights are for inference: later training steps would compute in bfloat16, without a gradient.
    """
    for module in model.modules():
        if isinstance(module, Linear4bit):
            module.support_avx512bf16_for_cpu = False


def _hold_in_float32(model: Any) -> None:
    """Hold the adapter in float32: TRL casts adapters of quantised models to bfloat16, whose 8 bits lose small
    updates."""
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.float()


def _warn_of_few_parameters(model: Any, tokens: int) -> None:
    """Say where the adapter has fewer parameters than the training rows have tokens of completions, so that it may not
    hold all that they teach."""
    parameters = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
    if parameters < tokens:
        logger.warning(
            "the adapter has %d parameters, fewer than the %d tokens of the training rows' completions; a higher rank "
            "or more layers would hold more",
            parameters,
            tokens,
        )


def _set_weights(model: Any, start: Path) -> None:
    """Give the model's new adapter the weights of one on disk.

    Loaded into it, rather than in its place, so that everything else is as in other trainings; and once it is held in
    float32, since TRL would round the weights of an adapter that it was given to bfloat16.
    """
    path = start / "adapter_model.safetensors"
    missing, unexpected = set_peft_model_state_dict(model, load_file(path))
    missing = [name for name in missing if "lora_" in name]
    if missing or unexpected:
        raise InputError(f"{path}: not the weights of an adapter for this base model ({[*missing, *unexpected][0]})")
