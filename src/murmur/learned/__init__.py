"""Inference of stored models: networks, linear models, forests."""
