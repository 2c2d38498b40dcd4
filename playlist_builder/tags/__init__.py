"""Tags of audio files: read, interpreted and copied."""
