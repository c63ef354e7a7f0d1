"""The record of answering (answering.json): what it took, for the comparison of methods."""

from typing import Any


def answering_record(seconds: float | None, documents: int, **further: Any) -> dict[str, Any]:
    """seconds: of answering alone, without loading; None where nothing was measured. documents: answered in them.
    further: what a method has beside."""
    from medtune.memory import peak_memory_mb
    from medtune.training.training_record import hardware

    return {
        "seconds": None if seconds is None else round(seconds, 3),
        "documents": documents,
        "peak_memory_mb": round(peak_memory_mb(), 1),
        "device": hardware()["device"],
        **further,
    }


def untrained_record(method: str, examples: int, **further: Any) -> dict[str, Any]:
    """The record (training.json) of a method that trains nothing. examples: training documents that it can show."""
    from medtune.training.training_record import hardware

    return {
        "method": method,
        "trainable_parameters": 0,
        "train_seconds": 0.0,
        "peak_memory_mb": 0.0,
        "device": hardware()["device"],
        "examples": examples,
        **further,
    }
