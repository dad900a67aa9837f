"""What rules ask about more than one attribute: networks, identities. Pure functions, nothing heavy at import."""
