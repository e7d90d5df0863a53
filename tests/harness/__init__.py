"""The real server and the real browser, for the UI tests and the benchmarks."""
