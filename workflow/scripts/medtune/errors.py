"""The one exception that users are meant to see."""


class InputError(Exception):
    """Bad input or configuration. Its text is one clear sentence for the user: file, line or
    record, what is wrong, what is expected. `runtime.job` prints it without a traceback."""
