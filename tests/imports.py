"""What tests of modules share that must not load heavy libraries."""

import subprocess
import sys


def check_no_torch(*modules: str) -> None:
    """Assert that importing the modules, in a process of its own, loads neither torch nor transformers."""
    code = f"import sys, {', '.join(modules)}; assert not {{'torch', 'transformers'}} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": ":".join(sys.path)})
