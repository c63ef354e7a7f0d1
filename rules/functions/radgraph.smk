"""What the rules of study radgraph compute: folders, inputs and params of its runs."""


def radgraph_prompt(wildcards):
    """The instruction of an entity type."""
    return f"{CONFIG.radgraph.prompts}/{wildcards.entity}/prompt.txt"


def radgraph_options(wildcards):
    """What the task needs to know of an entity type."""
    return {"entity": wildcards.entity, "prompt": radgraph_prompt(wildcards)}


def radgraph_practised_options(wildcards):
    """The same, where the base model is asked in the form that it knows."""
    return {**radgraph_options(wildcards), **practised_form("radgraph")}


def radgraph_entity(wildcards):
    """What scoring needs to know of it."""
    return {"entity": wildcards.entity}


def radgraph_sources(wildcards):
    """The source files that are there; the job itself says which are missing and how to get them."""
    source = CONFIG.radgraph.data.source
    if source.format == "synthetic":
        return []
    return [path for path in (source.train, source.validation, source.test) if path and Path(path).exists()]
