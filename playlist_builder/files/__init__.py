"""Names, places and writes of files, as all systems and players bear them."""
