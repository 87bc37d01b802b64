"""Builds the layer. The layer itself contains nothing from this folder."""
