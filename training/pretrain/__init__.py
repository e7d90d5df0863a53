"""Tokenizers, pre-training of the GPTs and of tiny-bert, and the export into assets/models."""
