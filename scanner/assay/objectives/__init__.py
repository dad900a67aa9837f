"""Service-level objectives: OpenSLO documents, the metrics that they speak of, and what the metrics say."""
