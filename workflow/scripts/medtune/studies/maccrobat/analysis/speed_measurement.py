"""Timing a tagger: the only part of the analysis that runs a model."""

import gc
import resource
import sys
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from medtune.studies.maccrobat.analysis.speed import STREAMING, WAYS, Round, Tagged, Variant, Way

Rows = Sequence[Mapping[str, Any]]
Tag = Callable[[Rows, int], list[list[str]]]
"""From rows (`words`, `sentences`) and the number of windows in a batch to a tag for each word of each row."""
Load = Callable[[Variant], tuple[Tag, float]]
"""From a variant to its tagger and the size of its weights in MB."""


def measure(
    load: Load,
    variants: Sequence[Variant],
    rows: Rows,
    timed: int,
    rounds: int,
    ways: Sequence[Way] = WAYS,
    clock: Callable[[], float] = time.perf_counter,
) -> tuple[list[Tagged], list[Round]]:
    """Tag all rows with each variant, one loaded at a time, and time so many of them in so many rounds.

    timed: rows that are timed, spread evenly over all. clock: seconds.
    """
    found, timings = [], []
    chosen = spread(rows, timed)
    for variant in variants:
        tag, weights_mb = load(variant)
        reset_peak_memory(variant.device)
        tags = tag(rows, ways[-1].batch_size)  # Warms up, too.
        found.append(Tagged(variant, tags, weights_mb, peak_memory_mb(variant.device)))
        # Round by round, not way by way: a slow minute of the machine then hits all ways alike.
        timings += [time_round(tag, variant, way, chosen, clock) for _ in range(rounds) for way in ways]
        del tag
        gc.collect()
    return found, timings


def spread(rows: Rows, amount: int) -> list[Mapping[str, Any]]:
    """At most so many rows, evenly spaced in their order."""
    if len(rows) <= amount:
        return list(rows)
    return [rows[number * len(rows) // amount] for number in range(amount)]


def time_round(tag: Tag, variant: Variant, way: Way, rows: Rows, clock: Callable[[], float]) -> Round:
    """One pass over the rows, from words to tags."""
    calls = [[row] for row in rows] if way.mode == STREAMING else [list(rows)]
    seconds = []
    for call in calls:
        start = clock()
        tag(call, way.batch_size)
        seconds.append(clock() - start)
    return Round(variant, way, len(rows), sum(len(row["words"]) for row in rows), tuple(seconds))


def reported_variant(precision: str) -> Variant:
    """Where and how documents are tagged here. precision: of the tagger's settings, as torch names it."""
    import torch

    return Variant("cuda" if torch.cuda.is_available() else "cpu", {"float32": "fp32", "bfloat16": "bf16"}[precision])


def variants_here() -> list[Variant]:
    """What this machine can run: fp32, bf16 and dynamic int8 on the CPU; fp32, bf16 and fp16 on a GPU."""
    import torch

    found = [Variant("cpu", precision) for precision in ("fp32", "bf16", "int8")]
    if torch.cuda.is_available():
        halves = ("bf16", "fp16") if torch.cuda.is_bf16_supported() else ("fp16",)
        found += [Variant("cuda", precision) for precision in ("fp32", *halves)]
    return found


def tagger_loader(folder: Path) -> Load:
    """Loads the tagger of a model's folder in any variant; all else is as in its evaluation (tagger.json)."""

    def load(variant: Variant) -> tuple[Tag, float]:
        import torch

        from medtune.methods.encoder.tagger import Tagger, read_settings
        from medtune.models.loading import load_tagger

        settings = read_settings(folder)
        dtype = {"bf16": torch.bfloat16, "fp16": torch.float16}.get(variant.precision, torch.float32)
        model, tokenizer = load_tagger(folder, device=variant.device, dtype=dtype)
        if variant.precision == "int8":
            with warnings.catch_warnings():
                # Deprecated in favour of torchao, which is no dependency; in torch 2.13 it works as it did.
                warnings.simplefilter("ignore")
                model = torch.ao.quantization.quantize_dynamic(model, {torch.nn.Linear}, dtype=torch.qint8)

        def tag(rows: Rows, batch_size: int) -> list[list[str]]:
            tagger = Tagger(model, tokenizer, settings, batch_tokens=batch_size * settings.window_tokens)
            return [found.tags for found in tagger.tag_words(rows)]

        return tag, weights_mb(model)

    return load


def weights_mb(model: Any) -> float:
    """Memory of a model's weights and buffers in MB, those of dynamically quantised layers included."""
    import torch

    tensors = [*model.parameters(), *model.buffers()]
    for module in model.modules():
        if isinstance(module, torch.ao.nn.quantized.dynamic.Linear):
            tensors += [tensor for tensor in (module.weight(), module.bias()) if tensor is not None]
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors) / 1e6


def reset_peak_memory(device: str) -> None:
    """Start to watch for the peak anew: of the GPU, else of this process (Linux; elsewhere the old peak stays)."""
    if device == "cuda":
        import torch

        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    elif Path("/proc/self/clear_refs").exists():
        Path("/proc/self/clear_refs").write_text("5")


def peak_memory_mb(device: str) -> float:
    """Most memory since `reset_peak_memory` in MB: allocated on the GPU, else resident in this process."""
    if device == "cuda":
        import torch

        return torch.cuda.max_memory_allocated() / 1e6
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
