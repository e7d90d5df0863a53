"""Recorded figures that lessons show: each has a recorder here and its file in assets/records."""
