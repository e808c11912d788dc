"""Readers of raw recordings, as TensorFlow Datasets."""
