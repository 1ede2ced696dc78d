"""Holdfast: the one place where a commerce company's stock is decided."""
