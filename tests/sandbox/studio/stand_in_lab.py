"""A stand-in for JupyterLab, where the sandbox looks for it: it answers its API, and tells what it was started with."""

from __future__ import annotations

import sys
from pathlib import Path

_MODULE = """
import json, os, sys, time
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import urlsplit

given = dict(word[2:].split("=", 1) for word in sys.argv[1:] if "=" in word)
if os.environ.get("HANGS"):
    time.sleep(3600)
if os.environ.get("FAILS"):
    sys.exit(3)

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        path = urlsplit(self.path).path.removeprefix(given["ServerApp.base_url"])
        if path == "/end":
            os._exit(4)
        body = json.dumps({"environ": dict(os.environ), "given": given, "home": os.getcwd()}).encode()
        self.send_response(200 if path in ("/api", "/lab") else 404)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

HTTPServer((given["ServerApp.ip"], int(given["ServerApp.port"])), Handler).serve_forever()
"""


def write(folder: Path) -> Path:
    """Make an environment in the folder, whose Python is this one, and return it."""
    (folder / "bin").mkdir(parents=True)
    (folder / "jupyterlab.py").write_text(_MODULE, encoding="utf-8")
    python = f'PYTHONPATH="{folder}" exec "{sys.executable}" "$@"'
    for name, program in (("python3", python), ("jupyter-lab", "exit 1")):
        path = folder / "bin" / name
        path.write_text(f"#!/bin/sh\n{program}\n", encoding="utf-8")
        path.chmod(0o755)
    return folder
