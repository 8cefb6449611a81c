"""Wafers, dies, yields, memory and packaging: one process per file, pure functions of arrays."""
