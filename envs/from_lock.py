"""Write the conda environments from the lock files, so that `--sdm conda` runs the same versions."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
# What preparing, scoring and summarising need; training and generation need the whole lock.
ANALYSIS = (
    *("filelock", "ipykernel", "jinja2", "matplotlib", "mistune", "nbclient", "nbconvert", "nbformat"),
    *("numpy", "pandas", "psutil", "pyarrow", "pydantic", "pyyaml", "rapidfuzz", "scikit-learn", "scipy", "wandb"),
)
HEAD = "channels:\n  - conda-forge\n  - nodefaults\ndependencies:\n  - python=3.11\n  - pip\n  - pip:\n"


def locked(file: str = "requirements.lock") -> dict[str, str]:
    """Name (lower case) to the line of a lock file."""
    lines = (ROOT / file).read_text().split()
    return {line.split("==")[0].lower(): line for line in lines}


def environments() -> dict[str, str]:
    """File name to content of each environment."""
    lock = locked()
    chosen = {
        "train.yaml": list(lock.values()),
        "analysis.yaml": [lock[name] for name in ANALYSIS],
        "context.yaml": list(locked("requirements-context.lock").values()),
    }
    return {name: HEAD + "".join(f"      - {line}\n" for line in lines) for name, lines in chosen.items()}


if __name__ == "__main__":
    for name, content in environments().items():
        (ROOT / "envs" / name).write_text(content)
