"""Converters of raw recordings of other formats, one a file."""
