"""REST APIs as they are written down: resources under AWS's member names, their rules and changes, and what they
compile to."""
