"""A live Kubernetes cluster as an inventory: raw paged lists of what rules ask about, Secrets as metadata only."""
