"""How something gets from one service to another, and out to what is not here."""
