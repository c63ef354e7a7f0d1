"""Study maccrobat: entities of case reports as BIO tags, one tagger per encoder and learning rate."""

MACCROBAT = MACCROBAT_JOBS.root
MACCROBAT_RUN = MACCROBAT_JOBS.run
MACCROBAT_ROWS = MACCROBAT_JOBS.data
MACCROBAT_NEW = ForRules(MACCROBAT_JOBS.new_notes())
MACCROBAT_TAGS = MACCROBAT_JOBS.tags


wildcard_constraints:
    encoder=MACCROBAT_JOBS.encoders(),
    lr=r"[\d.]+(e-\d+)?",


localrules:
    maccrobat_prepare,


rule maccrobat:
    input:
        MACCROBAT_JOBS.files("model/README.md"),
        MACCROBAT_JOBS.files("metrics.json"),
        f"{MACCROBAT}/summary/models.csv",
        f"{MACCROBAT}/summary/summary.ipynb",
        f"{MACCROBAT}/export",


rule maccrobat_prepare:
    input:
        MACCROBAT_JOBS.sources,
    output:
        **MACCROBAT_ROWS,
        tags=MACCROBAT_TAGS,
        manifest=f"{MACCROBAT}/data/manifest.json",
    log:
        f"{MACCROBAT}/data/prepare.log",
    conda:
        "../envs/analysis.yaml"
    params:
        settings=CONFIG.maccrobat.data.model_dump(),
        encoders=MACCROBAT_JOBS.pretraining(),
        seed=CONFIG.seed,
    script:
        "../workflow/scripts/prepare_maccrobat.py"


rule maccrobat_train:
    input:
        train=MACCROBAT_ROWS["train"],
        validation=MACCROBAT_ROWS["validation"],
        tags=MACCROBAT_TAGS,
        base=MACCROBAT_JOBS.model_folder("{encoder}"),
    output:
        # Files, not directory(): the model card is written into the same folder once the scores are known.
        weights=f"{MACCROBAT_RUN}/model/model.safetensors",
        config=f"{MACCROBAT_RUN}/model/config.json",
        record=f"{MACCROBAT_RUN}/training.json",
    log:
        f"{MACCROBAT_RUN}/train.log",
    benchmark:
        f"{MACCROBAT_RUN}/train.benchmark.tsv"
    conda:
        "../envs/train.yaml"
    threads: MACCROBAT_JOBS.threads
    resources:
        **MACCROBAT_JOBS.training_resources(),
    params:
        study="maccrobat",
        settings=MACCROBAT_JOBS.training,
        windows=MACCROBAT_JOBS.window_settings(),
        seed=MACCROBAT_JOBS.seed,
        state=STATE,  # survives retries; outputs and log do not
    script:
        "../workflow/scripts/train_tagger.py"


rule maccrobat_tag:
    """Tags and confidences of the documents, calibrated on the first split. The training documents tell which tag
    follows which."""
    input:
        train=MACCROBAT_ROWS["train"],
        validation=MACCROBAT_ROWS["validation"],
        test=MACCROBAT_ROWS["test"],
        tags=MACCROBAT_TAGS,
        base=MACCROBAT_JOBS.model_folder("{encoder}"),
        model=rules.maccrobat_train.output.config,
    output:
        predictions=f"{MACCROBAT_RUN}/predictions.jsonl",
        record=f"{MACCROBAT_RUN}/tagging.json",
        # In the model's folder: with them it tags elsewhere as it did here.
        settings=f"{MACCROBAT_RUN}/model/tagger.json",
        script=f"{MACCROBAT_RUN}/model/tag.py",
    log:
        f"{MACCROBAT_RUN}/tag.log",
    benchmark:
        f"{MACCROBAT_RUN}/tag.benchmark.tsv"
    conda:
        "../envs/train.yaml"
    threads: MACCROBAT_JOBS.threads
    resources:
        **MACCROBAT_JOBS.tagging_resources(),
    params:
        splits=["validation", "test"],  # names of the inputs that hold documents
        windows=MACCROBAT_JOBS.window_settings(),
        tagging=MACCROBAT_JOBS.tagging_settings(),
    script:
        "../workflow/scripts/tag.py"
