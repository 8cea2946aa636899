"""A run as tables for other programs: the reporters ``csv`` and ``parquet``."""
