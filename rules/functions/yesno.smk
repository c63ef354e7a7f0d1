"""What the rules of study yesno compute: folders, inputs and params of its runs."""


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


def yesno_training(wildcards):
    """Training settings with the run's rank; alpha follows the rank unless it is set."""
    settings = training_settings("yesno")
    settings["lora"]["rank"] = int(wildcards.rank)
    return settings
