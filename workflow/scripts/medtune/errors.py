"""The one exception that users are meant to see."""


class InputError(Exception):
    """Bad input or configuration. Its text is one clear sentence for the user: file, line or
    record, what is wrong, what is expected. `runtime.job` prints it without a traceback, and lets no further attempt
    of the job try again in the same run: bad input does not change by itself."""


class PassingError(InputError):
    """An InputError whose cause may be gone at the next attempt, such as a hub that does not answer."""
