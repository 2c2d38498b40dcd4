"""Voices: the network, the detector and the evidence."""
