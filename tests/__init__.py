"""Tests of the app; README.md says what lies where."""
