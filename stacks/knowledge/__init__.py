"""The knowledge base: documents, vector store, ingestion, and what the endpoint needs to ask it."""
