"""Toy lessons that prove the two rarer shapes of a stage: the page leads one, the server the other."""
