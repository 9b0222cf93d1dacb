"""The HTTP fronts: where they answer, and the way of a request through each to a function and back."""
