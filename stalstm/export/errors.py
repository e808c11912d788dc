"""The error of an export."""


class ExportError(Exception):
    """The model cannot be exported; the message says why."""
