"""Voices in music: the network, the detector and the evidence."""
