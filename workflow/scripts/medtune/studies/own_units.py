"""What a study of the user's own trains or asks: each method, at each size, with each seed. A run of another
study is there once, as it is."""

from dataclasses import dataclass
from typing import Any

from medtune.kinds.method_sections import Prompt, Rules, Trained
from medtune.kinds.own_section import OwnStudy
from medtune.studies.jobs import replicate_of


@dataclass(frozen=True)
class Unit:
    """A method at one size with one seed. method: its section. size: number of training documents, None for all.
    folder: its name, with the suffix -n{size} for fewer documents and -seed{n} for further seeds."""

    name: str
    method: Any
    size: int | None
    seed: int
    folder: str

    def of(self, kind: type) -> bool:
        """Whether its method is of this kind."""
        return isinstance(self.method, kind)

    @property
    def seeded(self) -> bool:
        """Whether another seed would give other answers with the same documents."""
        return self.method.seeded if self.of(Trained) else _depends_on_seed(self.method, None)


def units_of(section: OwnStudy) -> list[Unit]:
    """All of a study, seed by seed, all documents before fewer. What does not depend on the seed is there once."""
    first = section.seeds[0]
    return [
        Unit(name, method, size, seed, _folder(name, size, replicate_of(seed, section.seeds)))
        for seed in section.seeds
        for size in (None, *sorted(section.sizes, reverse=True))
        for name, method in section.all_methods().items()
        if seed == first or _depends_on_seed(method, size)
        if size is None or _depends_on_size(method)
    ]


def _folder(name: str, size: int | None, replicate: str) -> str:
    return f"{name}{'' if size is None else f'-n{size}'}{replicate}"


def _depends_on_size(method: Any) -> bool:
    """Whether it sees training documents of this study at all: a run of another had its own."""
    return not isinstance(method, Trained) and (not isinstance(method, Prompt) or method.shots > 0)


def _depends_on_seed(method: Any, size: int | None) -> bool:
    """Whether the seed changes its answers: by training, by examples that it draws, or by the documents of a size."""
    if isinstance(method, Trained):  # it has the seed of its run
        return False
    if isinstance(method, Rules):
        return size is not None
    return not isinstance(method, Prompt) or method.seeded or (size is not None and _depends_on_size(method))
