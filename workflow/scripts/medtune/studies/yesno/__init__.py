"""Study `yesno`: Yes / No / Uncertain with a one-sentence rationale."""

from medtune.studies.yesno.template import YesNoTask

__all__ = ["YesNoTask"]
