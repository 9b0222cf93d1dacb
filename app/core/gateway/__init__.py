"""The HTTP fronts of functions: which there are, how each routes a request, and what each allows; pure."""
