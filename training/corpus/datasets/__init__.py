"""Labelled sets for fine-tuning and zero-shot tests: the world of the corpus in wordings of their own."""
