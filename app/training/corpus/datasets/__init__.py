"""Labelled sets for fine-tuning and zero-shot tests, made from the same world as the corpus but in wordings of their own."""
