"""Tests, laid out as the package is; tests/browser drives what a person sees."""
