"""The workflow as a module of another one (`module medtune: …` in a user's Snakefile)."""

from pathlib import Path
from typing import Any


def place_results(workflow: Any, folder: str) -> str:
    """Where results go: `folder` below the module's `prefix`, or replaced by its `replace_prefix`; unchanged without.

    Snakemake would put the prefix before all inputs and outputs, before the user's own data too, and not before folders
    in params. So it is taken here, and later directives of this inclusion are left as they are.
    workflow: Snakemake's, while it reads the Snakefile.
    """
    modifier = workflow.modifier.path_modifier
    placed = modifier.replace_prefix(folder)
    workflow.modifier.path_modifier = type(modifier)(None, None, workflow)
    return str(Path(placed))


def rename_local_rules(workflow: Any, names: set[str]) -> None:
    """Make rules of this inclusion local by the names that they have in the user's workflow.

    Snakemake takes names after `localrules:` as they stand, also where the user renames (`use rule * from medtune as
    my_*`) or leaves out rules; names of rules with `localrule: True` are the user's already. names: of both kinds.
    """
    workflow._localrules -= names
    for name in names:
        renamed = workflow.modifier.modify_rulename(name)
        workflow.localrules(*[known for known in (renamed, name) if workflow.is_rule(known)][:1])
