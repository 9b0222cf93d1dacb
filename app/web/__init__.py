"""HTTP in, HTTP out: parse, submit, render."""
