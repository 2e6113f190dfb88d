"""Merges the small files that streaming leaves behind."""
