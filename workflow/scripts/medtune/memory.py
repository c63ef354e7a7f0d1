"""How much memory a process has used."""

import resource
import sys


def peak_memory_mb() -> float:
    """Largest memory of this process so far, in MB: of the GPU where there is one, else resident."""
    import torch

    return torch.cuda.max_memory_allocated() / 1e6 if torch.cuda.is_available() else peak_resident_mb()


def peak_resident_mb() -> float:
    """Largest resident memory of this process so far, in MB; loads no library."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
