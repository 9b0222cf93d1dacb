"""Functions: where each runs, and AWS's settings of it."""
