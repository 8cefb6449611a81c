"""Workloads: language models as parameters, bytes and operations, and whether a long run finishes."""
