"""Runs of evalkit on an MLflow tracking server: the reporter ``mlflow``."""
