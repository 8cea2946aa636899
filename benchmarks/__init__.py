"""Side-by-side measurements, run on demand: ``make bench``."""
