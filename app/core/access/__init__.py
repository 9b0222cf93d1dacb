"""Who may do what: policies, identities, and the keys of both kinds."""
