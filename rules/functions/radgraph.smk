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


def radgraph_new_reports(wildcards):
    """The file or folder of new reports."""
    return str(Path(new_texts("radgraph", "annotate", "reports").path))


def radgraph_new_source(wildcards):
    """Where new reports are and how they are read."""
    return new_texts("radgraph", "annotate", "reports").model_dump(exclude={"page_reports"})


def radgraph_page_reports(wildcards):
    """Most reports on the page."""
    return new_texts("radgraph", "annotate", "reports").page_reports


def radgraph_listing(wildcards):
    """What tells that files of a folder of new reports changed."""
    return folder_listing(new_texts("radgraph", "annotate", "reports").path)
