"""Attacks on what the software promises; see docs/reliability.md."""
