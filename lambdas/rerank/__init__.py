"""Texts put in the order in which they answer a question, in the shape that Cohere's and Jina's APIs share."""
