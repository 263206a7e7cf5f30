"""Tests of the trace reader and of what traces mean."""
