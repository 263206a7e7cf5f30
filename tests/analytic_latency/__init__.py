"""Latency in closed form: against series, multi-precision arithmetic and the oracle."""
