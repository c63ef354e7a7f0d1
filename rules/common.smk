"""Everything that rules compute: the checked configuration, paths, inputs, params, resources."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(workflow.basedir) / "workflow" / "scripts"))

from medtune.config_check import load_config
from medtune.data.report_sources import listing
from medtune.errors import InputError
from medtune.files import check_writable
from medtune.locks import note_owner, release_lock_of_dead_run

try:
    CONFIG = load_config(config, workflow.configfiles)
    check_writable(CONFIG.results)
except InputError as error:
    sys.exit(str(error))

release_lock_of_dead_run(Path(".snakemake"))

RESULTS = f"{CONFIG.results}/{CONFIG.scale}"

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
    return f"{RESULTS}/models/{getattr(CONFIG, study).model}"


# Params: only what changes the result


def study_of(files):
    """The study that a job's inputs or outputs belong to: the first folder below the scale."""
    folders = (Path(file).relative_to(RESULTS).parts[0] for file in files)
    return next(folder for folder in folders if folder != "models")


def study_section(files):
    """Its section of the configuration."""
    return getattr(CONFIG, study_of(files))


def task_name(wildcards, output):
    """The task of a job: each study has one, of the same name (medtune/tasks/{study})."""
    return study_of(output)


def state_folder(wildcards, output):
    """Where a job keeps its unfinished state: Snakemake deletes outputs and logs before each attempt."""
    return str(Path(RESULTS, ".state", Path(output[0]).relative_to(RESULTS)))


def training_settings(wildcards, output):
    """The study's `training` section."""
    return study_section(output).training.model_dump()


def window_settings(wildcards, output):
    """How a study cuts documents into windows."""
    return study_section(output).model_dump(include={"window_tokens", "overlap_tokens"})


def generation_settings(wildcards, output):
    """The study's `generation` section, without what only changes the speed."""
    return study_section(output).generation.model_dump(exclude={"batch_tokens"})


def quantization_settings(wildcards, output):
    """How the base weights are held, in evaluation as in training."""
    return study_section(output).training.model_dump(include={"quantization", "double_quantization"})


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


def memory_for(wildcards, input, attempt):
    """Host memory in MB; a retry gets more."""
    return demand(input, "mem_mb") * attempt


def merging_memory(wildcards, input, attempt):
    """The same for merging, which holds the whole base in float32: 31 GB for 7.6 billion parameters."""
    return memory_for(wildcards, input, attempt) * 3 // 2


def runtime_for(wildcards, input, attempt):
    """Minutes; a retry gets more (and goes on where the last attempt was stopped)."""
    return demand(input, "runtime") * attempt


def batch_divisor(wildcards, attempt):
    """1, 2, 4 …: smaller batches per device on each retry; the effective batch stays."""
    return 2 ** (attempt - 1)


def batch_tokens(wildcards, input, attempt):
    """Token budget of a generation batch, halved on each retry."""
    return max(1, study_section(input).generation.batch_tokens // 2 ** (attempt - 1))


def tagging_batch_tokens(wildcards, input, attempt):
    """Token budget of a tagging batch, halved on each retry."""
    return max(1, study_section(input).tagging.batch_tokens // 2 ** (attempt - 1))


# Study yesno


def yesno_runs():
    """All (rank, seed) that are trained."""
    return [(rank, seed) for rank in CONFIG.yesno.ranks for seed in CONFIG.yesno.seeds]


def yesno_folder(rank, seed):
    """Folder of one run. The first seed has no suffix, so that one-seed sweeps read rank4, rank8 …"""
    return f"{RESULTS}/yesno/rank{rank}" + ("" if seed == CONFIG.yesno.seeds[0] else f"-seed{seed}")


def yesno_files(name):
    """A file of each run, in the order of `yesno_runs`."""
    return [f"{yesno_folder(rank, seed)}/{name}" for rank, seed in yesno_runs()]


def yesno_sources(wildcards):
    """The source files that are there; the job itself says which are missing and where to get them."""
    sources = [
        source for source in CONFIG.yesno.data.sources.values() if source and source.format != "synthetic"
    ]
    return [source.path for source in sources if Path(source.path).exists()]


def yesno_seed(wildcards):
    """Training seed of a run."""
    return int(wildcards.replicate.removeprefix("-seed") or CONFIG.yesno.seeds[0])


def yesno_training(wildcards, output):
    """Training settings with the run's rank; alpha follows the rank unless it is set."""
    settings = training_settings(wildcards, output)
    settings["lora"]["rank"] = int(wildcards.rank)
    return settings


# Study radgraph


def radgraph_prompt(wildcards):
    """The instruction of an entity type."""
    return f"{CONFIG.radgraph.prompts}/{wildcards.entity}/prompt.txt"


def radgraph_options(wildcards):
    """What the task needs to know of an entity type."""
    return {"entity": wildcards.entity, "prompt": radgraph_prompt(wildcards)}


def radgraph_entity(wildcards):
    """What scoring needs to know of it."""
    return {"entity": wildcards.entity}


def radgraph_sources(wildcards):
    """The source files that are there; the job itself says which are missing and how to get them."""
    source = CONFIG.radgraph.data.source
    if source.format == "synthetic":
        return []
    return [path for path in (source.train, source.validation, source.test) if path and Path(path).exists()]


def radgraph_annotate():
    """The section that says where new reports are. Ends the run with a sentence when they are not to be found."""
    section = CONFIG.radgraph.annotate
    if section is None:
        sys.exit(
            "radgraph.annotate: not set; say where the reports are, for example"
            " --config 'radgraph={annotate: {format: folder, path: my/reports}}'"
        )
    if not Path(section.path).exists():
        sys.exit(f'radgraph.annotate.path = "{section.path}": no such file or folder')
    return section


def radgraph_new_reports(wildcards):
    """The file or folder of new reports."""
    return str(Path(radgraph_annotate().path))


def radgraph_new_source(wildcards):
    """Where new reports are and how they are read."""
    return radgraph_annotate().model_dump(exclude={"page_reports"})


def radgraph_page_reports(wildcards):
    """Most reports on the page."""
    return radgraph_annotate().page_reports


def radgraph_listing(wildcards):
    """What tells that files of a folder changed, since its own time does not; none for a file."""
    path = radgraph_annotate().path
    try:
        return listing(path) if Path(path).is_dir() else None
    except InputError as error:
        sys.exit(str(error))


# Study maccrobat


def maccrobat_runs():
    """All (encoder, learning rate as in folder names, seed) that are trained."""
    settings = CONFIG.maccrobat
    return [
        (encoder, f"{lr:g}", seed)
        for encoder in settings.encoders
        for lr in settings.learning_rates
        for seed in settings.seeds
    ]


def maccrobat_folder(encoder, lr, seed):
    """Folder of one run. The first seed has no suffix, as in study yesno."""
    replicate = "" if seed == CONFIG.maccrobat.seeds[0] else f"-seed{seed}"
    return f"{RESULTS}/maccrobat/{encoder}/lr{lr}{replicate}"


def maccrobat_files(name):
    """A file of each run, in the order of `maccrobat_runs`."""
    return [f"{maccrobat_folder(*run)}/{name}" for run in maccrobat_runs()]


def maccrobat_sources(wildcards):
    """The corpus, where it is there; the job itself says when it is missing."""
    source = CONFIG.maccrobat.data.source
    return [] if source.format == "synthetic" or not Path(source.path).exists() else [source.path]


def maccrobat_seed(wildcards):
    """Training seed of a run."""
    return int(wildcards.replicate.removeprefix("-seed") or CONFIG.maccrobat.seeds[0])


def maccrobat_training(wildcards, output):
    """Training settings with the run's learning rate."""
    return {**training_settings(wildcards, output), "learning_rate": float(wildcards.lr)}


def maccrobat_analysis(name, tables, plots):
    """Outputs of one analysis of one tagger: a CSV for each table, a record, each plot as PNG and SVG."""
    folder = f"{RESULTS}/maccrobat/{{encoder}}/lr{{lr}}{{replicate}}/analysis/{name}"
    return {
        **{table: f"{folder}/{table}.csv" for table in tables},
        "record": f"{folder}/{name}.json",
        **{f"{plot}_{suffix}": f"{folder}/{plot}.{suffix}" for plot in plots for suffix in ("png", "svg")},
    }


def timing_memory(wildcards, attempt):
    """Host memory in MB for timing one encoder; a retry gets more."""
    return 8000 * attempt


def timing_runtime(wildcards, attempt):
    """Minutes for timing one encoder; a retry gets more."""
    return 120 * attempt


# Reports


def summary_tables(study, title, shown, plain=()):
    """Outputs of a summary's tables: a CSV each; those that are shown in the report as HTML as well."""
    folder = f"{RESULTS}/{study}/summary"
    tables = {name: f"{folder}/{name}.csv" for name in (*shown, *plain)}
    pages = {
        f"{name}_html": _in_report(f"{folder}/{name}.html", study, title, name, "Tables") for name in shown
    }
    return {**tables, **pages}


def summary_plots(study, title, names):
    """Outputs of a summary's plots: PNG for pages, SVG for print and the report."""
    folder = f"{RESULTS}/{study}/summary"
    pngs = {f"{name}_png": f"{folder}/{name}.png" for name in names}
    svgs = {f"{name}_svg": _in_report(f"{folder}/{name}.svg", study, title, name, "Plots") for name in names}
    return {**pngs, **svgs}


def readable_page(study, title, folder, name):
    """Outputs of a readable document: Markdown, and a page in the report."""
    page = _in_report(f"{folder}/{name}.html", study, title, name, "Pages")
    return {"page": f"{folder}/{name}.md", "page_html": page}


def _in_report(path, study, title, name, subcategory):
    """An output with its caption (workflow/report/{study}_{name}.rst) and its place in the report."""
    return report(
        path,
        caption=f"../workflow/report/{study}_{name}.rst",
        category=title,
        subcategory=subcategory,
        labels={"shows": name},
    )
