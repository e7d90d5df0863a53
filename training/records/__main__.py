"""`python -m training.records`, see `write`."""

from training.records.write import main

main()
