"""Assertions on data: SQL conditions that must hold for whole tables, judged on any database by reading alone."""
