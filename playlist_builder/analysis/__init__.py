"""Samples become features, and features an energy. Pure."""
