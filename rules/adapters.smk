"""The base rules of all causal-LM studies. A study derives its own with `use rule … as … with:`
and gives its own inputs, outputs, wildcards, threads and resources; what stands here as "unset" is never run.
"""


rule train_adapter:
    """A new adapter, or one that goes on from another where the derived rule adds the input `start`. With the inputs
    `earlier_record` and `earlier_adapter` a training that would repeat that run is not done again."""
    input:
        train="unset/train.jsonl",
        validation="unset/validation.jsonl",
        base="unset/base",
    output:
        # Files, not directory(): the model card is written into the same folder once the scores are known.
        weights="unset/adapter/adapter_model.safetensors",
        config="unset/adapter/adapter_config.json",
        record="unset/training.json",
    log:
        "unset/train.log",
    benchmark:
        "unset/train.benchmark.tsv"
    conda:
        "../envs/train.yaml"
    params:
        task=None,  # each study gives its own
        task_options={},
        settings=None,  # each study gives its own
        answer_tokens=None,
        seed=CONFIG.seed,
        state=STATE,  # survives retries; outputs and log do not
    script:
        "../workflow/scripts/train_adapter.py"


rule generate:
    """Answers of the base model, or of an adapter where the derived rule adds the input `adapter`. With the inputs
    `earlier_adapter` and `earlier_predictions` those of the same adapter are not generated again."""
    input:
        base="unset/base",
    output:
        predictions="unset/predictions.jsonl",
    log:
        "unset/generate.log",
    benchmark:
        "unset/generate.benchmark.tsv"
    conda:
        "../envs/train.yaml"
    params:
        task=None,  # each study gives its own
        task_options={},
        splits=["validation", "test"],  # names of the inputs that hold examples
        settings=None,  # each study gives its own
        quantization=None,
        seed=CONFIG.seed,
        state=STATE,
    script:
        "../workflow/scripts/generate.py"


rule merge:
    """The adapter's update added to the base's weights: one model, for servers that know no adapters. On the CPU, since
    in float32 a model that trains on a GPU may not fit it."""
    input:
        base="unset/base",
        adapter="unset/adapter/adapter_config.json",
        validation="unset/validation.jsonl",
    output:
        model=directory("unset/final"),
        record="unset/merge.json",
    log:
        "unset/merge.log",
    benchmark:
        "unset/merge.benchmark.tsv"
    conda:
        "../envs/train.yaml"
    params:
        task=None,  # each study gives its own
        task_options={},
        quantization=None,  # each study gives its own
    script:
        "../workflow/scripts/merge_adapter.py"


rule score:
    input:
        predictions="unset/predictions.jsonl",
    output:
        metrics="unset/metrics.json",
        item_scores="unset/items.csv",
    log:
        "unset/score.log",
    conda:
        "../envs/analysis.yaml"
    params:
        task=None,  # each study gives its own
        splits=["validation", "test"],
        seed=CONFIG.seed,
    script:
        "../workflow/scripts/score.py"


rule write_card:
    """The card of a model, in its folder. A study whose `study_card` takes more than the manifest adds the param
    `options`."""
    input:
        base="unset/base",
        model="unset/model/config.json",
        record="unset/training.json",
        metrics="unset/metrics.json",
        manifest="unset/manifest.json",
    output:
        card="unset/model/README.md",
    log:
        "unset/card.log",
    conda:
        "../envs/analysis.yaml"
    params:
        task=None,  # each study gives its own
    script:
        "../workflow/scripts/write_card.py"
