"""Versions of the libraries that figures depend on, for records."""

import importlib.metadata

LIBRARIES = (
    "torch",
    "transformers",
    "trl",
    "peft",
    "accelerate",
    "bitsandbytes",
    "safetensors",
    "gguf",
    "tokenizers",
    "datasets",
    "pyarrow",
    "llguidance",
    "jinja2",
    "numpy",
    "scipy",
    "scikit-learn",
    "rapidfuzz",
    "rouge-score",
    "sacrebleu",
    "nltk",
    "bert-score",
)
"""Those that have a say in data, weights, answers or scores."""


def library_versions() -> dict[str, str]:
    """Version of each of the `LIBRARIES` that is installed; an environment for scoring alone lacks some."""
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
