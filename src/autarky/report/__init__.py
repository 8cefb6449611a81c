"""The report: one HTML file that opens offline, with charts, tables and every source."""
