"""What all rules share: the library, the checked configuration, the results folder. What rules compute is in the library:
`medtune/studies/{name}/jobs.py`, `medtune/workflow/model_jobs.py`, `medtune/workflow/demands.py`."""

import os
import sys
from functools import partial
from pathlib import Path

if not isinstance(workflow.current_basedir, os.PathLike):
    sys.exit(
        "medtune: of a repository take the entry workflow/Snakefile, or clone it and name a Snakefile by its path"
    )
ROOT = Path(workflow.current_basedir).parent  # of this workflow, also where it is a module elsewhere
sys.path.insert(0, str(ROOT / "workflow" / "scripts"))

from medtune.config_check import checked
from medtune.config.layers import merge, module_layers, read_layers
from medtune.workflow.demands import undisturbed_threads
from medtune.workflow.edge import ForRules, one_sentence
from medtune.files import check_writable
from medtune.workflow.locks import note_owner, release_lock_of_dead_run
from medtune.workflow.module import place_results, rename_local_rules
from medtune.workflow.outputs import Outputs
from medtune.runtime import REFUSALS, allow_retries
from medtune.studies.jobs import state_folder
from medtune.studies.own_jobs import OwnJobs

with one_sentence():
    own = [ROOT / "config" / name for name in CONFIG_FILES]
    if workflow.modifier.is_main_snakefile():
        layers = read_layers(own, workflow.config_settings.configfiles, workflow.config_settings.config_args)
    else:
        layers = module_layers(own, workflow.modifier.namespace, config)
    merged, CONFIG = checked(merge(layers), layers)
    RESULTS = place_results(workflow, f"{CONFIG.results}/{CONFIG.scale}")
    CONFIG = CONFIG.model_copy(update={"results": str(Path(RESULTS).parent)})
    check_writable(CONFIG.results)

config = {**merged, "results": CONFIG.results}  # for scripts, which Snakemake gives it
STATE = partial(state_folder, RESULTS)  # where a job keeps its unfinished state
OUTPUTS = Outputs(RESULTS, report)
OWN = [ForRules(OwnJobs(CONFIG, name)) for name in CONFIG.studies]
REFUSED = Path(".snakemake/medtune-refused").absolute()
os.environ[REFUSALS] = str(REFUSED)  # also in the jobs of a cluster
if workflow.modifier.is_main_snakefile():
    release_lock_of_dead_run(Path(".snakemake"))
elif workflow.is_main_process:
    allow_retries(REFUSED)  # of a module Snakemake runs no `onstart`


def whole_machine(wildcards):
    """CPU threads of a job that measures time."""
    return undisturbed_threads(workflow.cores, workflow.non_local_exec)
