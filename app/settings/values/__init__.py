"""The settings as values: what the file and the environment said, checked, with every default filled in."""
