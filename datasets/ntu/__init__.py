"""The NTU RGB+D and NTU RGB+D 120 data sets."""
