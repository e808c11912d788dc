"""Exported models for the tests of what runs them."""

# Fixtures.
from tests.export.exported import (  # noqa: F401
    clips,
    export_dir,
    fold,
    litert_folder,
    servable,
    small,
    whole_clips_dir,
)
