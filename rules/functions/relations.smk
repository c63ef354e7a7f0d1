"""What the rules of study relations compute: folders, inputs and params of its runs."""

RELATIONS_READING = {"deduplicate", "drop_violations"}
"""Settings of how answers are read."""


RELATIONS_UNTRAINED = ("base", "practised")
"""Runs without an adapter: the base model asked as the others are, and in the form that it knows."""


def relations_runs():
    """Effective settings of each run by its name: those without an adapter, default, and a run for each switch; then
    default and switches with each further training seed, in folders with the suffix `-seed{n}`."""
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
    default["seed"] = study.seeds[0]
    as_it_is = {**default, "relation_weight": 1.0, "two_steps": False}
    runs = {"base": as_it_is, "practised": {**as_it_is, "constrained": False}, "default": default}
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
    trained = {name: settings for name, settings in runs.items() if name not in RELATIONS_UNTRAINED}
    again = {
        f"{name}-seed{seed}": {**settings, "seed": seed}
        for seed in study.seeds[1:]
        for name, settings in trained.items()
    }
    return {**runs, **again}


def _relations_alike(run, aside):
    """The first trained run whose settings differ from a run's in those of `aside` at most, often itself."""
    runs = relations_runs()
    if run in RELATIONS_UNTRAINED:
        return run

    def others(name):
        return {key: value for key, value in runs[name].items() if key not in aside}

    return next(name for name in runs if name not in RELATIONS_UNTRAINED and others(name) == others(run))


def relations_trained(run):
    """The run whose adapter a run uses."""
    return _relations_alike(run, RELATIONS_READING | {"constrained"})


def relations_answered(run):
    """The run whose answers a run reads."""
    return _relations_alike(run, RELATIONS_READING)


def relations_trained_files(name):
    """A file of each run that has an adapter of its own."""
    names = [run for run in relations_runs() if run not in RELATIONS_UNTRAINED]
    runs = dict.fromkeys(map(relations_trained, names))
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
        if run not in RELATIONS_UNTRAINED and settings["two_steps"] == two_steps
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


def relations_held_out_data():
    """The same for all runs, and what a synthetic base model has read, against which made documents are checked."""
    model = CONFIG.models[CONFIG.relations.model]
    pretraining = {"text": model.text, "seed": model.seed} if model.source == "made" else None
    return {**relations_data(), "pretraining": pretraining}


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
    """The same, for the run of a job."""
    return _relations_task(_relations_run(wildcards))


def relations_teaching(wildcards):
    """What the task needs to know in training, where it also scores answers."""
    schema = f"{RESULTS}/relations/data/schema.json"
    return {**relations_options(wildcards), "schema": schema, **relations_reading(wildcards)}


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
    return {**generation_settings("relations"), "constrained": relations_runs()[run]["constrained"]}


def relations_generation(wildcards):
    """The same, of the run of a job."""
    return _relations_generation(_relations_run(wildcards))


def relations_practised(wildcards):
    """What the task needs to know to ask the base model in the form that it knows."""
    return {
        **_relations_task("practised"),
        **practised_form("relations"),
        "schema": f"{RESULTS}/relations/data/schema.json",
    }


def relations_seed(wildcards):
    """Training seed of a run."""
    return relations_runs()[wildcards.run]["seed"]


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
    return new_texts(*RELATIONS_NEW)


def relations_predict_adapter(wildcards):
    """The adapter of the run that reads them."""
    return _relations_adapter(relations_predict().run)


def relations_predict_options(wildcards):
    """What the task needs to know of that run."""
    return _relations_task(relations_predict().run)


def relations_predict_generation(wildcards):
    """Generation settings of that run."""
    return _relations_generation(relations_predict().run)
