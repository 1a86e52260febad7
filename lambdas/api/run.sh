#!/bin/sh
# What Lambda starts in place of a Python handler: the Lambda Web Adapter waits for this server and hands it requests.
# The layer's packages are in /opt/python, which only the managed runtime would find by itself.
export PYTHONPATH="/opt/python:${LAMBDA_TASK_ROOT}${PYTHONPATH:+:$PYTHONPATH}"
# Metrics are printed, and a pipe would keep them until the next log line.
export PYTHONUNBUFFERED=1
exec python -m uvicorn --host 127.0.0.1 --port "${PORT:-8080}" --log-level warning --no-access-log \
  --lifespan off --http httptools --no-proxy-headers lambdas.api.app:app
