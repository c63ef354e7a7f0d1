"""What the rules of study maccrobat compute: folders, inputs and params of its runs."""


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


def maccrobat_pretraining(wildcards):
    """Seed of the pre-training text of each made encoder, none of others; nothing where the case reports are not made."""
    settings = CONFIG.maccrobat
    if settings.data.source.format != "synthetic":
        return {}
    models = {name: CONFIG.models[name] for name in settings.encoders}
    return {name: model.seed if model.source == "made" else None for name, model in models.items()}


def maccrobat_seed(wildcards):
    """Training seed of a run."""
    return int(wildcards.replicate.removeprefix("-seed") or CONFIG.maccrobat.seeds[0])


def maccrobat_training(wildcards):
    """Training settings with the run's learning rate."""
    return {**training_settings("maccrobat"), "learning_rate": float(wildcards.lr)}


def maccrobat_threads(wildcards):
    """CPU threads with which an encoder tags."""
    return DEMANDS[CONFIG.models[wildcards.encoder].source]["threads"]


def maccrobat_analysis(name, tables, plots):
    """Outputs of one analysis of one tagger: a CSV for each table, a record, each plot as PNG and SVG."""
    folder = f"{RESULTS}/maccrobat/{{encoder}}/lr{{lr}}{{replicate}}/analysis/{name}"
    return {
        **{table: f"{folder}/{table}.csv" for table in tables},
        "record": f"{folder}/{name}.json",
        **{f"{plot}_{suffix}": f"{folder}/{plot}.{suffix}" for plot in plots for suffix in ("png", "svg")},
    }


def maccrobat_most_threads(wildcards):
    """CPU threads of a job with one of the encoders, whichever is chosen."""
    return max(DEMANDS[CONFIG.models[name].source]["threads"] for name in CONFIG.maccrobat.encoders)
