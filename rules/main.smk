"""All studies, whatever the scale; the entries (Snakefile, scales/*.smk) name the files of their configuration."""

from snakemake.utils import min_version

min_version("9.27")
LOCAL_RULES_OF_OTHERS = set(workflow._localrules)


include: "common.smk"
include: "models.smk"
include: "road.smk"
include: "yesno.smk"
include: "radgraph.smk"
include: "maccrobat.smk"
include: "maccrobat_analysis.smk"
include: "maccrobat_summary.smk"
include: "meerkat.smk"
include: "relations.smk"
include: "own.smk"


onstart:
    note_owner(Path(".snakemake"), remote=workflow.non_local_exec)
    allow_retries(REFUSED)


rename_local_rules(workflow, workflow._localrules - LOCAL_RULES_OF_OTHERS)


rule studies:
    input:
        rules.yesno.input,
        rules.radgraph.input,
        rules.maccrobat.input,
        rules.meerkat.input,
        rules.relations.input,
        [STUDY.targets() for STUDY in OWN],
