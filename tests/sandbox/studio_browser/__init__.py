"""Notebooks in a real JupyterLab: run by `make test-studio`, which installs it and a browser."""
