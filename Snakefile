from snakemake.utils import min_version

min_version("9.27")


configfile: "config/config.yaml"


include: "rules/common.smk"
include: "rules/functions/reports.smk"
include: "rules/functions/yesno.smk"
include: "rules/functions/radgraph.smk"
include: "rules/functions/maccrobat.smk"
include: "rules/functions/meerkat.smk"
include: "rules/functions/relations.smk"
include: "rules/models.smk"
include: "rules/adapters.smk"
include: "rules/taggers.smk"
include: "rules/yesno.smk"
include: "rules/radgraph.smk"
include: "rules/maccrobat.smk"
include: "rules/maccrobat_analysis.smk"
include: "rules/maccrobat_summary.smk"
include: "rules/meerkat.smk"
include: "rules/relations.smk"


onstart:
    note_owner(Path(".snakemake"), remote=workflow.non_local_exec)


rule all:
    default_target: True
    input:
        rules.yesno.input,
        rules.radgraph.input,
        rules.maccrobat.input,
        rules.meerkat.input,
        rules.relations.input,
