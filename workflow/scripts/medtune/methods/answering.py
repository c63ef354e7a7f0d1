"""What a method took: the record of its answering (answering.json), and that of a training that there was none of."""

from typing import Any

from medtune.memory import peak_memory_mb


def answering_record(seconds: float | None, documents: int, device: str | None, **further: Any) -> dict[str, Any]:
    """seconds: of answering alone, without loading; documents: answered in them. device: "cpu" or "cuda". None and 0
    where answers were copied. further: what a method has beside."""
    return {
        "seconds": None if seconds is None else round(seconds, 3),
        "documents": documents,
        "peak_memory_mb": None if seconds is None else round(peak_memory_mb(), 1),
        "device": device,
        **further,
    }


def untrained_record(method: str, examples: int, device: str, **further: Any) -> dict[str, Any]:
    """The record (training.json) of a method that trains nothing. examples: training documents that it can show."""
    return {
        "method": method,
        "trainable_parameters": 0,
        "train_seconds": 0.0,
        "peak_memory_mb": 0.0,
        "device": device,
        "examples": examples,
        **further,
    }
