"""Prompts in Bedrock Prompt Management, and the layer by which the endpoint has them."""
