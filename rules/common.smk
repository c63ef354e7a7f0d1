"""Everything that rules compute: the checked configuration, paths, inputs, params, resources."""

import os
import sys
from pathlib import Path

if not isinstance(workflow.current_basedir, os.PathLike):
    sys.exit(
        "medtune: of a repository take the entry workflow/Snakefile, or clone it and name a Snakefile by its path"
    )
ROOT = Path(workflow.current_basedir).parent  # of this workflow, also where it is a module elsewhere
sys.path.insert(0, str(ROOT / "workflow" / "scripts"))

from medtune.config.stages import NewTexts
from medtune.config_check import load_config
from medtune.config_layers import merge, module_layers, read_layers
from medtune.data.report_sources import listing
from medtune.errors import InputError
from medtune.files import check_writable
from medtune.locks import note_owner, release_lock_of_dead_run
from medtune.module import place_results, rename_local_rules
from medtune.runtime import REFUSALS, allow_retries
from medtune.studies.own_files import resolved
from medtune.studies.own_jobs import OwnJobs

try:
    own = [ROOT / "config" / name for name in CONFIG_FILES]
    if workflow.modifier.is_main_snakefile():
        layers = read_layers(own, workflow.config_settings.configfiles, workflow.config_settings.config_args)
    else:
        layers = module_layers(own, workflow.modifier.namespace, config)
    merged = resolved(merge(layers))
    CONFIG = load_config(merged, layers)
    RESULTS = place_results(workflow, f"{CONFIG.results}/{CONFIG.scale}")
    CONFIG = CONFIG.model_copy(update={"results": str(Path(RESULTS).parent)})
    check_writable(CONFIG.results)
except InputError as error:
    sys.exit(str(error))

config = {**merged, "results": CONFIG.results}  # for scripts, which Snakemake gives it
OWN = [OwnJobs(CONFIG, name) for name in CONFIG.studies]
REFUSED = Path(".snakemake/medtune-refused").absolute()
os.environ[REFUSALS] = str(REFUSED)  # also in the jobs of a cluster
if workflow.modifier.is_main_snakefile():
    release_lock_of_dead_run(Path(".snakemake"))
elif workflow.is_main_process:
    allow_retries(REFUSED)  # of a module Snakemake runs no `onstart`

# What a first attempt at training or generating needs (MB, minutes), by where the base model comes from.
DEMANDS = {
    "made": {"threads": 1, "mem_mb": 1500, "runtime": 30},
    "package": {"threads": 2, "mem_mb": 6000, "runtime": 600},
    "path": {"threads": 4, "mem_mb": 32000, "runtime": 240},
    "hub": {"threads": 4, "mem_mb": 32000, "runtime": 240},
}


# Base models


def models_from(*sources):
    """Pattern of the names of all base models that come from one of the sources."""
    names = [name for name, model in CONFIG.models.items() if model.source in sources]
    return "|".join(map(re.escape, names)) or "(?!)"


def model_source(wildcards):
    """A base model's section of the configuration."""
    return CONFIG.models[wildcards.model].model_dump()


def base_model(study):
    """Folder of a study's base model."""
    return f"{RESULTS}/models/{CONFIG.section_of(study).model}"


# Params: only what changes the result. Settings are values or functions of wildcards alone: of a param that is derived
# from inputs or outputs Snakemake takes no note, so that a change of it would make nothing anew.


def study_of(files):
    """The study that a job's inputs or outputs belong to: the first folder below the scale."""
    folders = (Path(file).relative_to(RESULTS).parts[0] for file in files)
    return next(folder for folder in folders if folder != "models")


def study_section(files):
    """Its section of the configuration."""
    return CONFIG.section_of(study_of(files))


def task_name(wildcards, output):
    """The task of a job: each study has one, of the same name (medtune/studies/{study})."""
    return study_of(output)


def state_folder(wildcards, output):
    """Where a job keeps its unfinished state: Snakemake deletes outputs and logs before each attempt."""
    return str(Path(RESULTS, ".state", Path(output[0]).relative_to(RESULTS)))


def training_settings(study):
    """The study's `training` section."""
    return CONFIG.section_of(study).training.model_dump()


def window_settings(study):
    """How a study cuts documents into windows."""
    return CONFIG.section_of(study).model_dump(include={"window_tokens", "overlap_tokens"})


def tagging_settings(study):
    """The study's `tagging` section, without what only changes the speed."""
    return CONFIG.section_of(study).tagging.model_dump(exclude={"batch_tokens"})


def generation_settings(study):
    """The study's `generation` section, without what changes no answer."""
    return CONFIG.section_of(study).generation.model_dump(exclude={"batch_tokens", "longer_answers"})


def judged_answer_tokens(study):
    """Longest answer of a model in training whose answers choose the checkpoint; None where the loss chooses it."""
    section = CONFIG.section_of(study)
    return section.generation.max_new_tokens if section.training.checkpoint_by == "figure" else None


def practised_form(study):
    """Task options by which a study's base model is asked in the form that it knows. text: what a synthetic base model
    was pre-trained on; None for other models, which are asked in their chat template or with a plain instruction.
    """
    model = CONFIG.models[CONFIG.section_of(study).model]
    return {"form": "practised", "text": model.text if model.source == "made" else None}


def pretraining_of(study):
    """What a study's base model read in pre-training, where it is a synthetic one; None for others."""
    model = CONFIG.models[CONFIG.section_of(study).model]
    return {"text": model.text, "seed": model.seed} if model.source == "made" else None


def quantization_settings(study):
    """How the base weights are held, in evaluation as in training."""
    return CONFIG.section_of(study).training.model_dump(include={"quantization", "double_quantization"})


def model_name(wildcards, input):
    """Name of the base model, as in `models`."""
    return Path(input.base).name


# Resources


def demand(input, what):
    """What a job on this base model needs."""
    return DEMANDS[CONFIG.models[model_name(None, input)].source][what]


def threads_for(wildcards, input):
    """CPU threads."""
    return demand(input, "threads")


def whole_machine(wildcards):
    """All cores, so that no other job runs beside one that measures time. A node of a cluster is not ours to count."""
    return DEMANDS["hub"]["threads"] if workflow.non_local_exec else workflow.cores or 1


def memory_for(wildcards, input, attempt):
    """Host memory in MB; a retry gets more."""
    return demand(input, "mem_mb") * attempt


def merging_memory(wildcards, input, attempt):
    """The same for merging, which holds the whole base in float32: 31 GB for 7.6 billion parameters."""
    return memory_for(wildcards, input, attempt) * 3 // 2


def runtime_for(wildcards, input, attempt):
    """Minutes; a retry gets more (and resumes where the last attempt was stopped)."""
    return demand(input, "runtime") * attempt


def encoder_memory(wildcards, attempt):
    """Host memory in MB of a job that measures or scores with one encoder; a retry gets more."""
    return 8000 * attempt


def encoder_runtime(wildcards, attempt):
    """Its minutes; a retry gets more."""
    return 120 * attempt


def batch_divisor(wildcards, attempt):
    """1, 2, 4 …: smaller batches per device on each retry; the effective batch stays."""
    return 2 ** (attempt - 1)


def batch_tokens(wildcards, input, attempt):
    """Token budget of a generation batch, halved on each retry."""
    return max(1, study_section(input).generation.batch_tokens // 2 ** (attempt - 1))


def tagging_batch_tokens(wildcards, input, attempt):
    """Token budget of a tagging batch, halved on each retry."""
    return max(1, study_section(input).tagging.batch_tokens // 2 ** (attempt - 1))


# The user's own texts


def new_texts(study, section, what):
    """The section that says where new texts are. Ends the run with a sentence when they are not to be found."""
    found = getattr(CONFIG.section_of(study), section)
    if found is None:
        sys.exit(
            f"{study}.{section}: not set; say where the {what} are, for example"
            f" --config '{study}={{{section}: {{format: folder, path: my/{what}}}}}'"
        )
    if not Path(found.path).exists():
        sys.exit(f'{study}.{section}.path = "{found.path}": no such file or folder')
    return found


def new_texts_path(*where):
    """Input function: the file or folder of new texts. where: as `new_texts` takes it."""
    return lambda wildcards: str(Path(new_texts(*where).path))


def new_texts_source(*where):
    """Param function: where new texts are and how they are read."""
    return lambda wildcards: new_texts(*where).model_dump(include=set(NewTexts.model_fields))


def new_texts_listing(*where):
    """Param function: what tells that files of a folder changed, since its own time does not; none for a file."""

    def listed(wildcards):
        path = new_texts(*where).path
        try:
            return listing(path) if Path(path).is_dir() else None
        except InputError as error:
            sys.exit(str(error))

    return listed


def new_texts_on_page(*where):
    """Param function: the maximum number of texts on the page."""
    return lambda wildcards: getattr(new_texts(*where), f"page_{where[-1]}")
