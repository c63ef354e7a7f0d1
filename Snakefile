from snakemake.utils import min_version

min_version("9.27")


configfile: "config/config.yaml"


include: "rules/common.smk"
include: "rules/models.smk"
include: "rules/adapters.smk"
include: "rules/yesno.smk"
include: "rules/radgraph.smk"


onstart:
    note_owner(Path(".snakemake"), remote=workflow.non_local_exec)


rule all:
    default_target: True
    input:
        rules.yesno.input,
