"""MiniStack with IAM enforced and the stand-in model, on the loopback port given as argument. Run as a module."""

import asyncio
import os
import sys

if __name__ == "__main__":
    # Before MiniStack is imported: it reads its environment then.
    os.environ.update(AUTH="true", BIND_HOST="127.0.0.1", GATEWAY_PORT=sys.argv[1], LOG_LEVEL="ERROR")

    from hypercorn.asyncio import serve
    from hypercorn.config import Config
    from ministack.app import app

    from sandbox import control, model

    model.install()
    config = Config()
    config.bind = [f"127.0.0.1:{sys.argv[1]}"]
    asyncio.run(serve(control.wrap(app), config))
