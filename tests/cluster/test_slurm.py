"""The yes/no study through sbatch on a real cluster of four nodes with two (pretended) GPUs each."""

import json
import os
import shutil
import subprocess
import threading
from pathlib import Path

import pytest

from tests.workspace import ROOT, Workspace

CLUSTER = Path(__file__).parent / "local-slurm.sh"
TOOLS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue")
SLURM_PATH = f"{os.environ['PATH']}:/usr/sbin:/sbin"
SHORT = {"models": {"tiny-qwen3": {"steps": 60}}, "yesno": {"training": {"max_steps": 40}}}
"""Over the tiny scale: it is the figures of two runs that are compared, not what the models learn."""
RUNS = ["base", *(f"rank{rank}" for rank in (4, 8, 16, 24, 32, 40, 64, 128))]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """A cluster on this machine, taken down at the end."""
    missing = [tool for tool in TOOLS if not shutil.which(tool, path=SLURM_PATH)]
    if missing:
        pytest.skip(f"SLURM is not installed (no {', '.join(missing)}): apt-get install slurm-wlm munge")
    if os.geteuid() != 0:
        pytest.skip("starting a cluster needs root")
    folder = tmp_path_factory.mktemp("slurm")
    subprocess.run([CLUSTER, "up", "-d", folder], check=True)
    yield
    subprocess.run([CLUSTER, "down", "-d", folder], check=True)


@pytest.fixture(scope="module")
def local_run(tmp_path_factory) -> Workspace:
    space = Workspace(tmp_path_factory.mktemp("local") / "medtune")
    space.succeed("--profile", "tiny", "yesno", config=SHORT)
    return space


class Watch(threading.Thread):
    """Looks at the queue twice a second: which rules ever ran, and how many trainings at the same time."""

    def __init__(self):
        super().__init__(daemon=True)
        self.over = threading.Event()
        self.seen: set[str] = set()
        self.most_trainings = 0

    def run(self):
        while not self.over.wait(0.5):
            listing = subprocess.run(
                ["squeue", "--noheader", "--states=RUNNING", "--Format=Comment:100,tres-per-job:100"],
                capture_output=True,
                text=True,
            ).stdout.splitlines()
            self.seen.update(listing)
            self.most_trainings = max(self.most_trainings, sum("yesno_train" in line for line in listing))


@pytest.mark.cluster
def test_eight_ranks_train_at_the_same_time_and_end_with_the_figures_of_the_local_run(cluster, local_run, tmp_path):
    space = Workspace(tmp_path / "medtune")
    watch = Watch()
    watch.start()
    (space.folder / "short.json").write_text(json.dumps(SHORT))
    space.succeed("yesno", "--profile", "slurm", "--configfile", "config/tiny.yaml", "short.json", timeout=1800)
    watch.over.set()
    watch.join()
    assert watch.most_trainings == 8
    trainings = [line for line in watch.seen if "yesno_train" in line]
    assert all("gres:gpu:1" in line for line in trainings), trainings
    for run in RUNS:
        metrics = f"results/tiny/yesno/{run}/metrics.json"
        assert space.read(metrics) == local_run.read(metrics)
    assert (ROOT / "slurm").is_symlink()
