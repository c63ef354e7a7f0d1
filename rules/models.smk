"""Base models: each a folder results/{scale}/models/{name} with weights, tokenizer and record.json."""

from medtune.workflow.model_jobs import ModelJobs

MODEL_JOBS = ModelJobs(CONFIG.models)


localrules:
    fetch_model,


rule fetch_model:
    """Fetched on the machine that runs Snakemake: compute nodes have no internet."""
    output:
        folder=directory(f"{RESULTS}/models/{{model}}"),
    log:
        f"{RESULTS}/models/{{model}}.log",
    wildcard_constraints:
        model=MODEL_JOBS.names("hub", "path", "package"),
    conda:
        "../envs/train.yaml"
    params:
        source=MODEL_JOBS.source,
    script:
        "../workflow/scripts/fetch_model.py"


rule make_model:
    output:
        folder=directory(f"{RESULTS}/models/{{model}}"),
    log:
        f"{RESULTS}/models/{{model}}.log",
    benchmark:
        f"{RESULTS}/models/{{model}}.benchmark.tsv"
    wildcard_constraints:
        model=MODEL_JOBS.names("made"),
    priority: 2  # all runs on it wait for it
    conda:
        "../envs/train.yaml"
    threads: 1  # with two, equal seeds now and then gave unequal weights
    resources:
        mem_mb=MODEL_JOBS.making.memory,
        runtime=MODEL_JOBS.making.runtime,
    params:
        source=MODEL_JOBS.source,
    script:
        "../workflow/scripts/make_model.py"
