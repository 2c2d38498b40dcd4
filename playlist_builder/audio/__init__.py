"""Samples in and out; the only importers of PyAV."""
