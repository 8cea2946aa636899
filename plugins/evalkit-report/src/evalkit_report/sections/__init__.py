"""The sections of the report: pure functions from results to what the templates show."""
