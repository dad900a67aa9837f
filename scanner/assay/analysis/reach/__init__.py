"""What can reach what: one model of networks for AWS and OCI, and the walks and flows that answer questions on it.

`topology` holds the nouns, `aws` and `oci` build them from a graph of resources, `walk` follows routes, `flows` adds
the filters of both directions, `questions` answers, `coverage` asks whether a firewall is passed.
"""
