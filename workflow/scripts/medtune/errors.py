"""The one exception that users are meant to see."""


class InputError(Exception):
    """Bad input or configuration. Its text is one clear sentence for the user: file, line or
    record, what is wrong, what is expected. `runtime.job` prints it without a traceback, and lets no further attempt
    of the job try again in the same run: bad input does not change by itself. Bytes of a file's name that are not UTF-8
    are shown as `\\udcff`, so that every log takes the sentence."""

    def __str__(self) -> str:
        return super().__str__().encode(errors="backslashreplace").decode()


class PassingError(InputError):
    """An InputError whose cause may be gone at the next attempt, such as a hub that does not answer."""
