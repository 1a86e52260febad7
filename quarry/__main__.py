"""``python -m quarry``."""

from quarry.cli import main

main()
