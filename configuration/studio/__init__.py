"""The workshop's part of an environment: the section `studio`, who takes part, and the names of what they get."""
