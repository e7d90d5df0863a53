"""What the embedded models can do, measured: scores, fine-tuning, two careful reads, model cards."""
