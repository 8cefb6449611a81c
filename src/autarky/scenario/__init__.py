"""Scenarios: questions about the world, and how they become named inputs."""
