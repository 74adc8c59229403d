"""Recipes that people write: one YAML file for an application, read into what runtimes understand."""
