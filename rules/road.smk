"""The road that all studies go: train, generate, score, card. One rule for each object of `ROADS`
(medtune/studies/road.py), named after its study, so that the DAG reads in the words of the study."""

from medtune.workflow.edge import for_rules
from medtune.studies.maccrobat.jobs import MaccrobatJobs
from medtune.studies.meerkat.jobs import MeerkatJobs
from medtune.studies.radgraph.jobs import RadGraphJobs
from medtune.studies.relations.jobs import RelationsJobs
from medtune.studies.yesno.jobs import YesNoJobs

YESNO_JOBS = ForRules(YesNoJobs(CONFIG))
RADGRAPH_JOBS = ForRules(RadGraphJobs(CONFIG))
MACCROBAT_JOBS = ForRules(MaccrobatJobs(CONFIG))
MEERKAT_JOBS = ForRules(MeerkatJobs(CONFIG))
RELATIONS_JOBS = ForRules(RelationsJobs(CONFIG))
ROADS = [
    jobs.road() for jobs in (YESNO_JOBS, RADGRAPH_JOBS, MACCROBAT_JOBS, MEERKAT_JOBS, RELATIONS_JOBS, *OWN)
]


for JOB in [for_rules(job) for road in ROADS for job in road.train]:
    # A new adapter, or one that goes on from another where there is an input `start`. With the inputs `earlier_record`
    # and `earlier_adapter` a training that would repeat that run is not done again.

    rule:
        name:
            JOB.name
        input:
            unpack(JOB.more),
            **JOB.inputs,
            base=JOB.base,
        output:
            # Files, not directory(): the model card is written into the same folder once the scores are known.
            weights=f"{JOB.adapter}/adapter_model.safetensors",
            config=f"{JOB.adapter}/adapter_config.json",
            record=f"{JOB.folder}/training.json",
        log:
            f"{JOB.folder}/train.log",
        benchmark:
            f"{JOB.folder}/train.benchmark.tsv"
        wildcard_constraints:
            **JOB.wildcards,
        priority: JOB.priority
        conda:
            f"../envs/{JOB.env}.yaml"
        threads: JOB.threads
        resources:
            **JOB.resources,
        params:
            study=JOB.study,
            task=JOB.task,
            task_options=JOB.task_options,
            settings=JOB.settings,
            answer_tokens=JOB.answer_tokens,
            seed=JOB.seed,
            state=STATE,  # survives retries; outputs and log do not
        script:
            "../workflow/scripts/train_adapter.py"


for JOB in [for_rules(job) for road in ROADS for job in road.generate]:
    # Answers of the base model, or of an adapter where there is the input `adapter`. With the inputs `earlier_adapter`
    # and `earlier_predictions` those of the same adapter are not generated again.

    rule:
        name:
            JOB.name
        input:
            unpack(JOB.more),
            **JOB.inputs,
            base=JOB.base,
        output:
            **JOB.outputs,
            predictions=f"{JOB.folder}/predictions.jsonl",
        log:
            f"{JOB.folder}/generate.log",
        benchmark:
            f"{JOB.folder}/generate.benchmark.tsv"
        wildcard_constraints:
            **JOB.wildcards,
        priority: JOB.priority
        conda:
            f"../envs/{JOB.env}.yaml"
        threads: JOB.threads
        resources:
            **JOB.resources,
        params:
            **JOB.more_params,
            study=JOB.study,
            task=JOB.task,
            task_options=JOB.task_options,
            splits=list(JOB.splits),
            settings=JOB.settings,
            quantization=JOB.quantization,
            seed=CONFIG.seed,
            state=STATE,
        script:
            "../workflow/scripts/generate.py"


for JOB in [for_rules(job) for road in ROADS for job in road.audit]:
    # Whether a base model seems to know the test items, before any training.

    rule:
        name:
            JOB.name
        input:
            **JOB.inputs,
            base=JOB.base,
        output:
            audit=JOB.audit,
        log:
            f"{JOB.audit.removesuffix('.json')}.log",
        benchmark:
            f"{JOB.audit.removesuffix('.json')}.benchmark.tsv"
        wildcard_constraints:
            **JOB.wildcards,
        conda:
            f"../envs/{JOB.env}.yaml"
        threads: JOB.threads
        resources:
            **JOB.resources,
        params:
            task=JOB.task,
            task_options=JOB.task_options,
            most_items=JOB.items,
            quantization=JOB.quantization,
            seed=CONFIG.seed,
        script:
            "../workflow/scripts/audit_base.py"


for JOB in [for_rules(job) for road in ROADS for job in road.apply_rules]:

    rule:
        name:
            JOB.name
        input:
            **JOB.inputs,
        output:
            predictions=f"{JOB.folder}/predictions.jsonl",
            training=f"{JOB.folder}/training.json",
            answering=f"{JOB.folder}/answering.json",
        log:
            f"{JOB.folder}/apply_rules.log",
        wildcard_constraints:
            **JOB.wildcards,
        conda:
            f"../envs/{JOB.env}.yaml"
        params:
            task=JOB.task,
            task_options=JOB.task_options,
            splits=list(JOB.splits),
            options=JOB.options,
        script:
            "../workflow/scripts/apply_rules.py"


for JOB in [for_rules(job) for road in ROADS for job in road.train_encoder]:

    rule:
        name:
            JOB.name
        input:
            **JOB.inputs,
            base=JOB.base,
        output:
            model=directory(f"{JOB.folder}/model"),
            record=f"{JOB.folder}/training.json",
        log:
            f"{JOB.folder}/train.log",
        benchmark:
            f"{JOB.folder}/train.benchmark.tsv"
        wildcard_constraints:
            **JOB.wildcards,
        conda:
            f"../envs/{JOB.env}.yaml"
        threads: JOB.threads
        resources:
            **JOB.resources,
        params:
            study=JOB.study,
            kind=JOB.kind,
            types=JOB.types,
            settings=JOB.settings,
            windows=JOB.windows,
            seed=JOB.seed,
            state=STATE,
        script:
            "../workflow/scripts/train_encoder.py"


for JOB in [for_rules(job) for road in ROADS for job in road.apply_encoder]:

    rule:
        name:
            JOB.name
        input:
            **JOB.inputs,
            model=f"{JOB.folder}/model",
        output:
            predictions=f"{JOB.folder}/predictions.jsonl",
            record=f"{JOB.folder}/answering.json",
        log:
            f"{JOB.folder}/apply_encoder.log",
        benchmark:
            f"{JOB.folder}/apply_encoder.benchmark.tsv"
        wildcard_constraints:
            **JOB.wildcards,
        conda:
            f"../envs/{JOB.env}.yaml"
        threads: JOB.threads
        resources:
            **JOB.resources,
        params:
            task=JOB.task,
            task_options=JOB.task_options,
            splits=list(JOB.splits),
            windows=JOB.windows,
        script:
            "../workflow/scripts/apply_encoder.py"


for JOB in [for_rules(job) for road in ROADS for job in road.take]:
    # What a run of one of the five studies answered, as a method of a study of the user's own.

    rule:
        name:
            JOB.name
        input:
            unpack(JOB.more),
            **JOB.inputs,
        output:
            predictions=f"{JOB.folder}/predictions.jsonl",
            training=f"{JOB.folder}/training.json",
            answering=f"{JOB.folder}/answering.json",
        log:
            f"{JOB.folder}/take_run.log",
        wildcard_constraints:
            **JOB.wildcards,
        localrule: True
        conda:
            f"../envs/{JOB.env}.yaml"
        params:
            task=JOB.task,
            task_options=JOB.task_options,
            splits=list(JOB.splits),
            source=JOB.source,
            run=JOB.run,
            benchmarks=JOB.benchmarks,
            options=JOB.options,
        script:
            "../workflow/scripts/take_run.py"


for JOB in [for_rules(job) for road in ROADS for job in road.score]:

    rule:
        name:
            JOB.name
        input:
            unpack(JOB.more),
            **JOB.inputs,
        output:
            **JOB.outputs,
            metrics=f"{JOB.folder}/metrics.json",
            item_scores=f"{JOB.folder}/items.csv",
        log:
            f"{JOB.folder}/score.log",
        wildcard_constraints:
            **JOB.wildcards,
        priority: JOB.priority
        localrule: JOB.local
        conda:
            f"../envs/{JOB.env}.yaml"
        threads: JOB.threads
        resources:
            **JOB.resources,
        params:
            study=JOB.study,
            task=JOB.task,
            splits=list(JOB.splits),
            options=JOB.options,
            seed=CONFIG.seed,
        script:
            "../workflow/scripts/score.py"


for JOB in [for_rules(job) for road in ROADS for job in road.guard]:

    rule:
        name:
            JOB.name
        input:
            **JOB.inputs,
            tests=list(JOB.tests),
            base=JOB.base,
        output:
            guard=f"{JOB.folder}/guard.json",
        log:
            f"{JOB.folder}/guard.log",
        benchmark:
            f"{JOB.folder}/guard.benchmark.tsv"
        wildcard_constraints:
            **JOB.wildcards,
        priority: JOB.priority
        conda:
            f"../envs/{JOB.env}.yaml"
        threads: JOB.threads
        resources:
            **JOB.resources,
        params:
            settings=JOB.settings,
            sources=list(JOB.sources),
            quantization=JOB.quantization,
            seed=CONFIG.seed,
        script:
            "../workflow/scripts/guard.py"


for JOB in [for_rules(job) for road in ROADS for job in road.card]:

    rule:
        name:
            JOB.name
        input:
            unpack(JOB.more),
            **JOB.inputs,
            base=JOB.base,
        output:
            card=f"{JOB.model}/README.md",
        log:
            f"{JOB.folder}/card.log",
        wildcard_constraints:
            **JOB.wildcards,
        localrule: True
        conda:
            f"../envs/{JOB.env}.yaml"
        params:
            task=JOB.task,
            options=JOB.options,
        script:
            "../workflow/scripts/write_card.py"
