"""Catalogue formats: one importer per file."""
