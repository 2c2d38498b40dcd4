"""Samples to features, and features to energy. Pure."""
