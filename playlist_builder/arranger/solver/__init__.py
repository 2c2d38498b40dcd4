"""The optimisation alone: arrays in, arrays out."""
