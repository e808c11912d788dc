"""Recipes: one short module a data set."""
