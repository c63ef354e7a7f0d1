"""Study maccrobat: entities of case reports as BIO tags, one tagger per encoder and learning rate."""

from medtune.studies.maccrobat.jobs import MaccrobatJobs

MACCROBAT_JOBS = ForRules(MaccrobatJobs(CONFIG))
MACCROBAT = MACCROBAT_JOBS.root
MACCROBAT_RUN = f"{MACCROBAT}/{{encoder}}/lr{{lr}}{{replicate}}"
MACCROBAT_ROWS = {split: f"{MACCROBAT}/data/{split}.jsonl" for split in ("train", "validation", "test")}
MACCROBAT_NEW = ForRules(MACCROBAT_JOBS.new_notes())
MACCROBAT_TAGS = f"{MACCROBAT}/data/tags.json"


wildcard_constraints:
    encoder=MACCROBAT_JOBS.encoders(),
    lr=r"[\d.]+(e-\d+)?",


localrules:
    maccrobat_prepare,
    maccrobat_score,
    maccrobat_card,


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


use rule train_tagger as maccrobat_train with:
    input:
        train=MACCROBAT_ROWS["train"],
        validation=MACCROBAT_ROWS["validation"],
        tags=MACCROBAT_TAGS,
        base=MACCROBAT_JOBS.model_folder("{encoder}"),
    output:
        weights=f"{MACCROBAT_RUN}/model/model.safetensors",
        config=f"{MACCROBAT_RUN}/model/config.json",
        record=f"{MACCROBAT_RUN}/training.json",
    log:
        f"{MACCROBAT_RUN}/train.log",
    benchmark:
        f"{MACCROBAT_RUN}/train.benchmark.tsv"
    threads: MACCROBAT_JOBS.threads
    resources:
        **MACCROBAT_JOBS.training_resources(),
    params:
        study="maccrobat",
        settings=MACCROBAT_JOBS.training,
        windows=MACCROBAT_JOBS.window_settings(),
        seed=MACCROBAT_JOBS.seed,


use rule tag as maccrobat_tag with:
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
        settings=f"{MACCROBAT_RUN}/model/tagger.json",
        script=f"{MACCROBAT_RUN}/model/tag.py",
    log:
        f"{MACCROBAT_RUN}/tag.log",
    benchmark:
        f"{MACCROBAT_RUN}/tag.benchmark.tsv"
    threads: MACCROBAT_JOBS.threads
    resources:
        **MACCROBAT_JOBS.tagging_resources(),
    params:
        windows=MACCROBAT_JOBS.window_settings(),
        tagging=MACCROBAT_JOBS.tagging_settings(),


use rule score as maccrobat_score with:
    input:
        validation=MACCROBAT_ROWS["validation"],
        test=MACCROBAT_ROWS["test"],
        tags=MACCROBAT_TAGS,
        predictions=rules.maccrobat_tag.output.predictions,
    output:
        metrics=f"{MACCROBAT_RUN}/metrics.json",
        item_scores=f"{MACCROBAT_RUN}/items.csv",
    log:
        f"{MACCROBAT_RUN}/score.log",
    params:
        task="maccrobat",


use rule write_card as maccrobat_card with:
    input:
        base=MACCROBAT_JOBS.model_folder("{encoder}"),
        model=rules.maccrobat_train.output.config,
        record=rules.maccrobat_train.output.record,
        metrics=rules.maccrobat_score.output.metrics,
        manifest=rules.maccrobat_prepare.output.manifest,
    output:
        card=f"{MACCROBAT_RUN}/model/README.md",
    log:
        f"{MACCROBAT_RUN}/card.log",
    params:
        task="maccrobat",
