"""The base rules of all encoder studies. A study derives its own with `use rule … as … with:`
and gives its own inputs, outputs, wildcards, threads and resources; what stands here as "unset" is never run.
"""


rule train_tagger:
    input:
        train="unset/train.jsonl",
        validation="unset/validation.jsonl",
        tags="unset/tags.json",
        base="unset/base",
    output:
        # Files, not directory(): the model card is written into the same folder once the scores are known.
        weights="unset/model/model.safetensors",
        config="unset/model/config.json",
        record="unset/training.json",
    log:
        "unset/train.log",
    benchmark:
        "unset/train.benchmark.tsv"
    conda:
        "../envs/train.yaml"
    params:
        study=None,  # each study gives its own
        settings=None,  # each study gives its own
        windows=None,
        seed=CONFIG.seed,
        state=STATE,  # survives retries; outputs and log do not
    script:
        "../workflow/scripts/train_tagger.py"


rule tag:
    """Tags and confidences of the documents of some splits, calibrated on the first of them. The training documents
    tell which tag follows which."""
    input:
        train="unset/train.jsonl",
        tags="unset/tags.json",
        base="unset/base",
        model="unset/model/config.json",
    output:
        predictions="unset/predictions.jsonl",
        record="unset/tagging.json",
        # In the model's folder: with them it tags elsewhere as it did here.
        settings="unset/model/tagger.json",
        script="unset/model/tag.py",
    log:
        "unset/tag.log",
    benchmark:
        "unset/tag.benchmark.tsv"
    conda:
        "../envs/train.yaml"
    params:
        splits=["validation", "test"],  # names of the inputs that hold documents
        windows=None,  # each study gives its own
        tagging=None,
    script:
        "../workflow/scripts/tag.py"
