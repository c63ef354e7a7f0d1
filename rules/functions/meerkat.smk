"""What the rules of study meerkat compute: folders, inputs and params of its runs."""

from medtune.studies.meerkat.medical_qa import check_known, specialty_files
from medtune.studies.meerkat.generator import SPECIALTIES as MADE_SPECIALTIES
from medtune.errors import InputError


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
        for iteration, shares in adjusted.items():
            check_known(shares, files, f"meerkat.data.specialty_adjustments.{iteration}")
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


def meerkat_given_adapter(wildcards):
    """The files of an adapter that was made elsewhere."""
    if CONFIG.meerkat.evaluate is None:
        sys.exit("meerkat.evaluate: not set; say where the adapter is, as {adapter: path}")
    folder = present(CONFIG.meerkat.evaluate.adapter, "meerkat.evaluate.adapter")
    return [str(path) for path in sorted(Path(folder).glob("*")) if path.is_file()]


def _meerkat_scores(run):
    """The scores of a model beside the iterations, by the names of inputs."""
    names = {"metrics": "metrics.json", "item_scores": "items.csv", "counts": "counts.json"}
    return {f"{run}_{name}": f"{RESULTS}/meerkat/{run}/{file}" for name, file in names.items()}


def meerkat_given_scores(wildcards):
    """Scores of an adapter that was made elsewhere, where there is one."""
    return _meerkat_scores("given") if CONFIG.meerkat.evaluate else {}


def meerkat_practised_scores(wildcards):
    """Scores of the base model in its practised form, where that is another than the study's: for a synthetic one."""
    return _meerkat_scores("practised") if CONFIG.models[CONFIG.meerkat.model].source == "made" else {}


def meerkat_practised_metrics(wildcards):
    """The metrics among them."""
    return meerkat_practised_scores(wildcards).get("practised_metrics", [])


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
    """The shares set by hand for one iteration, so that those of the next change nothing that is there."""
    return CONFIG.meerkat.data.specialty_adjustments.get(int(wildcards.iteration), {})


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
