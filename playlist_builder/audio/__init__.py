"""Audio files to samples and samples to audio files; the only importers of PyAV."""
