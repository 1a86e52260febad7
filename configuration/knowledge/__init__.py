"""The section `knowledge` of an environment file: its knobs, their relations, the models and names that follow."""
