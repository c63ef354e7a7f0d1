"""What tests of modules share that must not load heavy libraries."""

import subprocess
import sys

TORCH = {"torch", "transformers"}
HEAVY = {*TORCH, "scipy.stats", "scipy.sparse", "scipy.optimize", "nltk", "sklearn", "matplotlib", "pandas"}
"""Each takes half a second of processor time, and more, in every job that loads it."""


def check_no_torch(*modules: str, forbidden: set[str] = TORCH) -> None:
    """Assert that importing the modules, in a process of its own, loads neither torch nor transformers; or none of the
    libraries named."""
    code = f"import sys, {', '.join(modules)}; found = {forbidden!r} & set(sys.modules); assert not found, found"
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": ":".join(sys.path)})
