"""The workshop: commands that make the corpus, the models and the records. The page never imports it."""
