"""Ratios to a reference measured in the same run, so that they mean the same on every machine.

    make bench                       all of them
    make bench ARGS=startup          one: startup, round_trip, engine

Each prints a table, writes build/bench/<name>.json and ends with 1 when a bar is missed.
"""
