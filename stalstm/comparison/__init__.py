"""Compares models and recipes: rows x protocols x seeds, a training each."""
