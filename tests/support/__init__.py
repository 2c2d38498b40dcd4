"""What several test modules share, and the parts outside this project that some of them need."""
