"""How fast it is: each figure beside the floor that it is a ratio of, measured in the same run."""
