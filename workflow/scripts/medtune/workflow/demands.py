"""What jobs ask for: CPU threads, memory, time, sizes of batches. Functions of resources take the wildcards and
the number of the attempt, from 1 on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Demand:
    """Of a first attempt. memory: of the host, in MB. runtime: in minutes. A retry gets more of both."""

    threads: int
    memory: int
    runtime: int

    def memory_at(self, wildcards: Any, attempt: int) -> int:
        """MB at an attempt."""
        return self.memory * attempt

    def merging_memory_at(self, wildcards: Any, attempt: int) -> int:
        """The same for merging, which holds the whole base in float32: 31 GB for 7.6 billion parameters."""
        return self.memory * attempt * 3 // 2

    def runtime_at(self, wildcards: Any, attempt: int) -> int:
        """Minutes at an attempt, which resumes where the last was stopped."""
        return self.runtime * attempt


@dataclass(frozen=True)
class DemandBy:
    """That of a job whose model its wildcards tell. of: gives the demand of a model. model: its name by wildcards."""

    of: Callable[[str], Demand]
    model: Callable[[Any], str]

    def threads(self, wildcards: Any) -> int:
        """CPU threads."""
        return self.of(self.model(wildcards)).threads

    def memory_at(self, wildcards: Any, attempt: int) -> int:
        """As of `Demand`."""
        return self.of(self.model(wildcards)).memory_at(wildcards, attempt)

    def runtime_at(self, wildcards: Any, attempt: int) -> int:
        """As of `Demand`."""
        return self.of(self.model(wildcards)).runtime_at(wildcards, attempt)


BY_SOURCE = {
    "made": Demand(threads=1, memory=1500, runtime=30),
    "package": Demand(threads=2, memory=6000, runtime=600),
    "path": Demand(threads=4, memory=32000, runtime=240),
    "hub": Demand(threads=4, memory=32000, runtime=240),
}
"""Of training or generating, by where the base model comes from."""
ENCODER = Demand(threads=2, memory=8000, runtime=120)
"""Of a job that measures or scores with one encoder."""


def training_resources(memory: Callable, runtime: Callable) -> dict[str, Any]:
    """Resources of a training, for a rule. memory, runtime: as `Demand` has them."""
    return {"gpu": 1, "mem_mb": memory, "runtime": runtime, "batch_divisor": batch_divisor}


def inference_resources(memory: Callable, runtime: Callable, batch_tokens: Callable) -> dict[str, Any]:
    """The same of generating or tagging, with the token budget of a batch."""
    return {"gpu": 1, "mem_mb": memory, "runtime": runtime, "batch_tokens": batch_tokens}


def batch_divisor(wildcards: Any, attempt: int) -> int:
    """1, 2, 4 …: smaller batches per device on each retry; the effective batch stays."""
    return 2 ** (attempt - 1)


def batch_budget(tokens: int, attempt: int) -> int:
    """Token budget of a batch, halved on each retry; at least 1."""
    return max(1, tokens // 2 ** (attempt - 1))


def undisturbed_threads(cores: int | None, remote: bool) -> int:
    """CPU threads of a job that measures time: all cores of this machine, so that no other job runs beside it. A node
    of a cluster is not ours to count. cores: none where they are not limited."""
    return BY_SOURCE["hub"].threads if remote else cores or 1
