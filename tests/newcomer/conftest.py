"""An exported model for the test of the wheel."""

# Fixtures.
from tests.export.exported import (  # noqa: F401
    clips,
    export_dir,
    litert_folder,
    small,
)
