"""AWS accounts: a table a service (`TABLES` of each module below), walked by one engine."""

SERVICES = ("sqs",)
"""The modules that hold the tables."""
