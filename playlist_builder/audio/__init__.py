"""Audio files to samples, and samples to audio files and spectra; the only importers of PyAV."""
