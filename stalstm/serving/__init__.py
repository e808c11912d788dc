"""What the export and a client need."""
