"""Everything that rules compute: the checked configuration, paths, inputs, params, resources."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(workflow.basedir) / "workflow" / "scripts"))

from medtune.config_check import load_config
from medtune.data.medical_qa import check_known, specialty_files
from medtune.data.report_sources import listing
from medtune.data.synthetic.medical_qa import SPECIALTIES as MADE_SPECIALTIES
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


def tagging_settings(wildcards, output):
    """The study's `tagging` section, without what only changes the speed."""
    return study_section(output).tagging.model_dump(exclude={"batch_tokens"})


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
    found = getattr(getattr(CONFIG, study), section)
    if found is None:
        sys.exit(
            f"{study}.{section}: not set; say where the {what} are, for example"
            f" --config '{study}={{{section}: {{format: folder, path: my/{what}}}}}'"
        )
    if not Path(found.path).exists():
        sys.exit(f'{study}.{section}.path = "{found.path}": no such file or folder')
    return found


def folder_listing(path):
    """What tells that files of a folder changed, since its own time does not; none for a file."""
    try:
        return listing(path) if Path(path).is_dir() else None
    except InputError as error:
        sys.exit(str(error))


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


def radgraph_new_reports(wildcards):
    """The file or folder of new reports."""
    return str(Path(new_texts("radgraph", "annotate", "reports").path))


def radgraph_new_source(wildcards):
    """Where new reports are and how they are read."""
    return new_texts("radgraph", "annotate", "reports").model_dump(exclude={"page_reports"})


def radgraph_page_reports(wildcards):
    """Most reports on the page."""
    return new_texts("radgraph", "annotate", "reports").page_reports


def radgraph_listing(wildcards):
    """What tells that files of a folder of new reports changed."""
    return folder_listing(new_texts("radgraph", "annotate", "reports").path)


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


# Study meerkat


def meerkat_folder(iteration):
    """Folder of an iteration, from 1."""
    return f"{RESULTS}/meerkat/iteration{iteration}"


def meerkat_files(name):
    """A file of each iteration, in their order."""
    return [f"{meerkat_folder(k)}/{name}" for k in range(1, CONFIG.meerkat.iterations + 1)]


def meerkat_sources(wildcards):
    """The specialty files, where they are there; the job itself says what is wrong with them. Ends the run with a
    sentence when an adjustment names a specialty that is not among them: the job would find that after a training.
    """
    source, adjusted = CONFIG.meerkat.data.source, CONFIG.meerkat.data.specialty_adjustments
    if source.format == "synthetic":
        files = dict.fromkeys(MADE_SPECIALTIES)
    elif not Path(source.path).is_dir():
        return []
    else:
        try:
            files = specialty_files(source.path)
        except InputError:
            return []
    try:
        check_known(adjusted, files, "meerkat.data.specialty_adjustments")
    except InputError as error:
        sys.exit(str(error))
    return [str(path) for path in files.values() if path]


def present(path, key):
    """A path of the configuration, or none. Ends the run with a sentence when there is no such file: with results in
    place, Snakemake would take them for made without it."""
    if path and not Path(path).exists():
        sys.exit(f'{key} = "{path}": no such file or folder')
    return path or []


def meerkat_template(wildcards):
    """The file with the chat template, where there is one."""
    return present(CONFIG.meerkat.template, "meerkat.template")


def meerkat_options(wildcards):
    """What the task needs to know. Of an answer that is longer than what is generated, the beginning is learned."""
    return {
        **CONFIG.meerkat.model_dump(include={"system_message", "template"}),
        "answer_tokens": max(1, CONFIG.meerkat.generation.max_new_tokens - 2),
    }


def meerkat_card_options(wildcards):
    """What the model card needs to know besides."""
    steering, base = CONFIG.meerkat.metrics.steering, base_model("meerkat")
    return {**meerkat_options(wildcards), "steering": steering, "base": base}


def meerkat_adjustments(wildcards):
    """The shares set by hand; the first iteration has none."""
    return {} if wildcards.iteration == "1" else CONFIG.meerkat.data.specialty_adjustments


def _meerkat_earlier(wildcards, **files):
    """Files of the iteration before, by the names of inputs; none for the first."""
    earlier = int(wildcards.iteration) - 1
    return {name: f"{meerkat_folder(earlier)}/{file}" for name, file in files.items() if earlier}


def meerkat_previous_findings(wildcards):
    """What an iteration's training split is made by: the iteration before."""
    return _meerkat_earlier(
        wildcards, stats="data/dataset_stats.json", recommendations="training_recommendations.json"
    )


def meerkat_earlier_training(wildcards):
    """The training that is taken over when there is nothing new to learn; where training goes on from, if it does."""
    config = "adapter/adapter_config.json"
    goes_on = {"start": config} if CONFIG.meerkat.start_from == "previous" else {}
    return _meerkat_earlier(wildcards, earlier_record="training.json", earlier_adapter=config, **goes_on)


def meerkat_earlier_predictions(wildcards):
    """The answers that are taken over when the adapter was."""
    return _meerkat_earlier(
        wildcards, earlier_adapter="adapter/adapter_config.json", earlier_predictions="predictions.jsonl"
    )


def meerkat_metric_files(wildcards):
    """What the metrics are made of: BERTScore's encoder and baseline, WordNet, a list of terms, the user's own
    functions as far as they are files of the working directory."""
    metrics = CONFIG.meerkat.metrics
    modules = [
        Path(*path.replace(":", ".").split(".")[:-1]).with_suffix(".py") for path in metrics.custom.values()
    ]
    files = {
        "encoder": metrics.bertscore and f"{RESULTS}/models/{metrics.bertscore.model}",
        "baseline": metrics.bertscore
        and present(metrics.bertscore.baseline, "meerkat.metrics.bertscore.baseline"),
        "wordnet": present(metrics.wordnet, "meerkat.metrics.wordnet"),
        "terms": present(metrics.terms, "meerkat.metrics.terms"),
        "custom_files": [str(module) for module in modules if module.exists()],
    }
    return {name: file for name, file in files.items() if file}


# Study relations

RELATIONS_READING = {"deduplicate", "drop_violations"}
"""Settings of how answers are read."""


def relations_runs():
    """Effective settings of each run by its name: base (no adapter), default, and a run for each switch."""
    study = CONFIG.relations
    own = (
        "relation_weight",
        "without_relations",
        "mix",
        "two_steps",
        "constrained",
        *sorted(RELATIONS_READING),
    )
    default = {
        "training": study.training.model_dump(),
        **study.model_dump(include=set(own)),
        "constrained": study.generation.constrained,
    }
    runs = {"base": {**default, "relation_weight": 1.0, "two_steps": False}, "default": default}
    for name, switch in study.switches.items():
        changes = switch.model_dump(exclude_none=True) if switch else {}
        training = {key: value for key, value in changes.items() if key not in (*own, "rank")}
        lora = {**default["training"]["lora"], **({"rank": changes["rank"]} if "rank" in changes else {})}
        if switch:
            runs[name] = {
                **default,
                **{key: changes[key] for key in own if key in changes},
                "training": {**default["training"], **training, "lora": lora},
            }
    return runs


def _relations_alike(run, aside):
    """The first trained run whose settings differ from a run's in those of `aside` at most, often itself."""
    runs = relations_runs()
    if run == "base":
        return run

    def others(name):
        return {key: value for key, value in runs[name].items() if key not in aside}

    return next(name for name in runs if name != "base" and others(name) == others(run))


def relations_trained(run):
    """The run whose adapter a run uses."""
    return _relations_alike(run, RELATIONS_READING | {"constrained"})


def relations_answered(run):
    """The run whose answers a run reads."""
    return _relations_alike(run, RELATIONS_READING)


def relations_trained_files(name):
    """A file of each run that has an adapter of its own."""
    runs = dict.fromkeys(relations_trained(run) for run in relations_runs() if run != "base")
    return [f"{RESULTS}/relations/{run}/{name}" for run in runs]


def relations_files(name):
    """A file of each run, in their order."""
    return [f"{RESULTS}/relations/{run}/{name}" for run in relations_runs()]


def relations_all_predictions(wildcards):
    """The answers that each run reads, in their order."""
    return [f"{RESULTS}/relations/{relations_answered(run)}/predictions.jsonl" for run in relations_runs()]


def _relations_adapter(run):
    """The adapter that a run uses."""
    return f"{RESULTS}/relations/{relations_trained(run)}/final_model/adapter_config.json"


def relations_adapter(wildcards):
    """The same, for the run of a job."""
    return _relations_adapter(wildcards.run)


def relations_names(two_steps):
    """Pattern of the names of trained runs that answer in two steps, or in one."""
    names = [
        run
        for run, settings in relations_runs().items()
        if run != "base" and settings["two_steps"] == two_steps
    ]
    return "|".join(map(re.escape, names)) or "(?!)"


def relations_variant(settings):
    """Name of the training rows of a run; runs with the same documents in the same form share them."""
    parts = [f"without{settings['without_relations']:g}"]
    parts += [what for what, on in (("mixed", settings["mix"]), ("steps", settings["two_steps"])) if on]
    return "+".join(parts)


def relations_data(variant=None):
    """What documents are made of: for all runs those of the default one, or those of one variant."""
    study, runs = CONFIG.relations, relations_runs()
    mix = study.data.mix and study.data.mix.model_dump()
    found = {**study.data.model_dump(include={"source", "splits"}), "mix": mix}
    if variant is None:
        return {**found, "without_relations": study.without_relations}
    settings = next(each for each in runs.values() if relations_variant(each) == variant)
    return {
        **found,
        "mix": mix if settings["mix"] else None,
        "without_relations": settings["without_relations"],
        "two_steps": settings["two_steps"],
        "longest_answer": study.data.longest_answer,
    }


def relations_variant_data(wildcards):
    """The same, for the rule of a variant."""
    return relations_data(wildcards.variant)


def relations_sources(wildcards):
    """The source files that are there; the job itself says which are missing."""
    data = CONFIG.relations.data
    found = [source for source in (data.source, data.mix) if source and source.format != "synthetic"]
    paths = [
        path
        for source in found
        for path in (source.train, source.validation, source.test, source.labels)
        if path
    ]
    return sorted({path for path in paths if Path(path).exists()})


def relations_prompts(wildcards):
    """The instructions."""
    return [f"{CONFIG.relations.prompts}/{step}.txt" for step in ("joint", "entities", "relations")]


def _relations_run(wildcards):
    """The run of a job; without the wildcard, the base model."""
    return wildcards.get("run", "base")


def _relations_task(run):
    """What the task needs to know of a run."""
    settings = relations_runs()[run]
    return {
        "prompts": CONFIG.relations.prompts,
        **{key: settings[key] for key in ("two_steps", "relation_weight")},
    }


def relations_options(wildcards):
    """The same, for training."""
    return _relations_task(_relations_run(wildcards))


def relations_form(wildcards):
    """The schema that a run's answers are held to, where they are."""
    held = relations_runs()[_relations_run(wildcards)]["constrained"]
    return f"{RESULTS}/relations/data/schema.json" if held else []


def relations_answering(wildcards):
    """What the task needs to know to answer."""
    schema = relations_form(wildcards)
    return {**relations_options(wildcards), **({"schema": schema} if schema else {})}


def _relations_generation(run):
    """Generation settings of a run."""
    settings = CONFIG.relations.generation.model_dump(exclude={"batch_tokens"})
    return {**settings, "constrained": relations_runs()[run]["constrained"]}


def relations_generation(wildcards):
    """The same, of the run of a job."""
    return _relations_generation(_relations_run(wildcards))


def relations_training(wildcards):
    """Training settings of a run."""
    return relations_runs()[wildcards.run]["training"]


def relations_training_rows(wildcards):
    """Training rows of a run, and those that its loss is validated on."""
    variant = relations_variant(relations_runs()[wildcards.run])
    return {split: f"{RESULTS}/relations/data/{variant}/{split}.jsonl" for split in ("train", "validation")}


def relations_predictions(wildcards):
    """The answers that a run reads."""
    return f"{RESULTS}/relations/{relations_answered(wildcards.run)}/predictions.jsonl"


def relations_benchmarks(wildcards):
    """What their generation took."""
    run = relations_answered(wildcards.run)
    steps = ("first/", "second/") if relations_runs()[run]["two_steps"] else ("",)
    return [f"{RESULTS}/relations/{run}/{step}generate.benchmark.tsv" for step in steps]


def relations_reading(wildcards):
    """How a run reads answers."""
    settings = relations_runs()[wildcards.run]
    return {key: settings[key] for key in sorted(RELATIONS_READING)}


def relations_predict():
    """The section about new notes."""
    return new_texts("relations", "predict", "notes")


def relations_predict_adapter(wildcards):
    """The adapter of the run that reads them."""
    return _relations_adapter(relations_predict().run)


def relations_predict_options(wildcards):
    """What the task needs to know of that run."""
    return _relations_task(relations_predict().run)


def relations_predict_generation(wildcards):
    """Generation settings of that run."""
    return _relations_generation(relations_predict().run)


def relations_new_notes(wildcards):
    """The file or folder of new notes."""
    return str(Path(relations_predict().path))


def relations_new_source(wildcards):
    """Where new notes are and how they are read."""
    return relations_predict().model_dump(exclude={"run", "page_notes"})


def relations_page_notes(wildcards):
    """Most notes on the page."""
    return relations_predict().page_notes


def relations_notes_listing(wildcards):
    """What tells that files of a folder of new notes changed."""
    return folder_listing(relations_predict().path)


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
    return {"page": f"{folder}/{name}.md", "page_html": page_in_report(study, title, folder, name)}


def page_in_report(study, title, folder, name):
    """A page that is shown in the report."""
    return _in_report(f"{folder}/{name}.html", study, title, name, "Pages")


def _in_report(path, study, title, name, subcategory):
    """An output with its caption (workflow/report/{study}_{name}.rst) and its place in the report."""
    return report(
        path,
        caption=f"../workflow/report/{study}_{name}.rst",
        category=title,
        subcategory=subcategory,
        labels={"shows": name},
    )
