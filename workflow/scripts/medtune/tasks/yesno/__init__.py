"""Study `yesno`: Yes / No / Uncertain with a one-sentence rationale."""

from medtune.tasks.yesno.template import YesNoTask

__all__ = ["YesNoTask"]
