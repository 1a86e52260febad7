"""`quarry knowledge`: documents in, state of the ingestion, questions."""
