"""The catalogue: every number about the world, with its unit, uncertainty, date and source."""
