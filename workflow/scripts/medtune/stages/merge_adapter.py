"""The merge stage of the causal-LM studies: one adapter and its base as a model folder of its own."""

import logging
import shutil
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field

from medtune.files import atomic, read_jsonl, rounded, write_json, write_text
from medtune.methods.adapter.folder import adapter_hashes, check_adapter
from medtune.models.model_record import read_record, write_record
from medtune.reporting.merged_card import merged_card
from medtune.studies import get_task
from medtune.versions import library_versions

logger = logging.getLogger(__name__)

PROMPTS = 8
"""Validation examples on which the merged model is compared: the first ones."""


class Job(BaseModel):
    """What a merged model is made of. quantization: of the base while the adapter was trained, for the record; the
    adapter is merged into the base as it was published."""

    task: str
    task_options: dict[str, Any] = Field(default_factory=dict)
    validation: Path
    base: Path
    adapter: Path
    quantization: Literal["none", "int8", "nf4"] = "none"


def merge_adapter(job: Job, model: Path, record: Path) -> None:
    """Write the merged model's folder, with tokenizer, template hash, model record and card, and merge.json.

    model: folder; appears when it is complete and checked. It can serve as a base model itself.
    Raises InputError for an adapter of another template or base model, and when the merged model does not answer as
    the two do.
    """
    from medtune.methods.adapter.merging import DTYPE, TOLERANCE, merge
    from medtune.models.loading import load_tokenizer

    task = get_task(job.task, **job.task_options)
    check_adapter(job.adapter, job.base, task)
    base = read_record(job.base)
    origin = {
        "base_model": base["name"],
        "base_fingerprint": base["fingerprint"],
        "adapter": adapter_hashes(job.adapter),
    }
    tokenizer = load_tokenizer(job.adapter)
    rows = [task.render(example, tokenizer) for example in read_jsonl(job.validation)[:PROMPTS]]
    with atomic(model) as folder:
        check = merge(job.base, job.adapter, folder, rows)
        shutil.copyfile(job.adapter / "template.json", folder / "template.json")
        write_record(folder, model.name, {"source": "merged", **origin}, base.get("licence") or "unknown")
        fingerprint = read_record(folder)["fingerprint"]
        write_text(folder / "README.md", merged_card(model, job.base, job.adapter, base, job.quantization, check))
    logger.info(
        "%s: logits of %d tokens differ from the adapter's by %.3g on average, those of the base by %.3g",
        model,
        check.tokens,
        check.rounding.mean_abs,
        check.adapter.mean_abs,
    )
    write_json(
        record,
        {
            "dtype": str(DTYPE).removeprefix("torch."),
            "fingerprint": fingerprint,
            **origin,
            "adapter_trained_on": job.quantization,
            "compared_with": "the adapter on its base model, not quantised, in float32",
            "prompts": check.prompts,
            "tokens": check.tokens,
            "logit_sd": rounded(check.logit_sd),
            **_differences(check.rounding),
            "base_without_adapter": _differences(check.adapter),
            "tolerance_in_float32": TOLERANCE,
            "versions": library_versions(),
        },
    )


def _differences(found: Any) -> dict[str, float]:
    """found: a `Difference`."""
    return {
        "max_abs_logit_difference": rounded(found.max_abs),
        "mean_abs_logit_difference": rounded(found.mean_abs),
        "top1_agreement": rounded(found.top1_agreement),
    }
