"""Study maccrobat: entities of case reports as BIO tags, one tagger per encoder and learning rate."""

MACCROBAT = f"{RESULTS}/maccrobat"
MACCROBAT_RUN = f"{MACCROBAT}/{{encoder}}/lr{{lr}}{{replicate}}"
MACCROBAT_ROWS = {split: f"{MACCROBAT}/data/{split}.jsonl" for split in ("train", "validation", "test")}
MACCROBAT_NEW = ("maccrobat", "extract", "notes")
MACCROBAT_TAGS = f"{MACCROBAT}/data/tags.json"


wildcard_constraints:
    encoder="|".join(map(re.escape, CONFIG.maccrobat.encoders)),
    lr=r"[\d.]+(e-\d+)?",


localrules:
    maccrobat_prepare,
    maccrobat_score,
    maccrobat_card,


rule maccrobat:
    input:
        maccrobat_files("model/README.md"),
        maccrobat_files("metrics.json"),
        f"{MACCROBAT}/summary/models.csv",
        f"{MACCROBAT}/summary/summary.ipynb",
        f"{MACCROBAT}/export",


rule maccrobat_prepare:
    input:
        maccrobat_sources,
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
        encoders=maccrobat_pretraining,
        seed=CONFIG.seed,
    script:
        "../workflow/scripts/prepare_maccrobat.py"


use rule train_tagger as maccrobat_train with:
    input:
        train=MACCROBAT_ROWS["train"],
        validation=MACCROBAT_ROWS["validation"],
        tags=MACCROBAT_TAGS,
        base=f"{RESULTS}/models/{{encoder}}",
    output:
        weights=f"{MACCROBAT_RUN}/model/model.safetensors",
        config=f"{MACCROBAT_RUN}/model/config.json",
        record=f"{MACCROBAT_RUN}/training.json",
    log:
        f"{MACCROBAT_RUN}/train.log",
    benchmark:
        f"{MACCROBAT_RUN}/train.benchmark.tsv"
    params:
        settings=maccrobat_training,
        windows=window_settings("maccrobat"),
        seed=maccrobat_seed,


use rule tag as maccrobat_tag with:
    input:
        train=MACCROBAT_ROWS["train"],
        validation=MACCROBAT_ROWS["validation"],
        test=MACCROBAT_ROWS["test"],
        tags=MACCROBAT_TAGS,
        base=f"{RESULTS}/models/{{encoder}}",
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
    params:
        windows=window_settings("maccrobat"),
        tagging=tagging_settings("maccrobat"),


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


use rule write_card as maccrobat_card with:
    input:
        base=f"{RESULTS}/models/{{encoder}}",
        model=rules.maccrobat_train.output.config,
        record=rules.maccrobat_train.output.record,
        metrics=rules.maccrobat_score.output.metrics,
        manifest=rules.maccrobat_prepare.output.manifest,
    output:
        card=f"{MACCROBAT_RUN}/model/README.md",
    log:
        f"{MACCROBAT_RUN}/card.log",
