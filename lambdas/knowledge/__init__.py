"""Asking the documents: passages are retrieved from the knowledge base, given to a model as data, and cited."""
