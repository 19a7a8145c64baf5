"""Tests of the data that ships with the house."""
