"""What jobs load before they work: in a tiny run some fifty train, answer and tag, and each pays for every library."""

from medtune.studies import KIND, TASKS
from tests.imports import HEAVY, check_no_torch


def module_of(name: str, part: str) -> str:
    """Of a study or kind."""
    return (
        f"medtune.kinds.{name.removeprefix(KIND)}.{part}" if name.startswith(KIND) else f"medtune.studies.{name}.{part}"
    )


def test_tasks_stages_and_cards_load_no_library_that_they_may_not_need():
    tasks = [module_of(name, module) for name, (module, _) in TASKS.items()]
    cards = [module_of(name, "card") for name in TASKS]
    stages = [f"medtune.stages.{name}" for name in ("generate", "make_model", "tag", "train_adapter", "train_tagger")]
    check_no_torch(*tasks, *cards, *stages, forbidden=HEAVY)
