#!/usr/bin/python3
"""A local AWS, for tests, demos and benchmarks. See the package `standin` beside this file.

    aws_standin.py [--port 0] [--port-file FILE] [--accounts A,B] [--engine-account C] [--seed demo]
                   [--latency-ms N] [--tls CERT KEY] [--with-parent]

It prints its URL, and ends on SIGTERM or SIGINT; with --with-parent also when its parent does. Give the
URL to any SDK as AWS_ENDPOINT_URL, with the engine's key:

    AWS_ACCESS_KEY_ID=AKIAENGINE0000000000
    AWS_SECRET_ACCESS_KEY=engine/secret+for/the+stand-in/000000000

That is the engine's account (999999999999). Each other account has the roles BalmRemediationRole and
Admin to assume, and an administrator's key of its own: AKIA<account>ROOT with the secret
account/secret+of/<account>/0000000000.

What `--seed demo` makes in each account is told in standin/seed.py.
"""

import argparse
import asyncio
import os
import pathlib
import signal
import ssl
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from standin.dispatch import StandIn  # noqa: E402 (the path comes first)
from standin.http import Connection  # noqa: E402
from standin.seed import SEEDS  # noqa: E402
from standin.store import ENGINE_ACCOUNT  # noqa: E402


def arguments():
    parser = argparse.ArgumentParser(description="A local AWS for tests.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--port-file", type=pathlib.Path, help="where to write the port")
    parser.add_argument("--accounts", default="111122223333,444455556666")
    parser.add_argument("--engine-account", default=ENGINE_ACCOUNT)
    parser.add_argument("--seed", choices=sorted(SEEDS))
    parser.add_argument("--latency-ms", type=float, default=0)
    parser.add_argument("--tls", nargs=2, metavar=("CERT", "KEY"))
    parser.add_argument("--with-parent", action="store_true", help="end when the parent ends")
    return parser.parse_args()


def tls_context(files):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)
    return context


def write_port(path, port):
    """Whoever waits for the file must never read half of it."""
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(f"{port}\n")
    fresh.replace(path)


async def wait_for_end(parent):
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    while not ended.is_set():
        if parent is not None and os.getppid() != parent:
            return
        try:
            await asyncio.wait_for(ended.wait(), 0.5)
        except asyncio.TimeoutError:
            pass


async def serve(options, parent):
    accounts = [account for account in options.accounts.split(",") if account]
    standin = StandIn(options.engine_account, accounts, options.latency_ms)
    if options.seed:
        SEEDS[options.seed](standin.store, accounts)
        standin.remember()
    scheme = "https" if options.tls else "http"
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(standin.answer, scheme), options.host, options.port, backlog=1024,
        ssl=tls_context(options.tls) if options.tls else None)
    port = server.sockets[0].getsockname()[1]
    if options.port_file:
        write_port(options.port_file, port)
    print(f"{scheme}://{options.host}:{port}", flush=True)
    await wait_for_end(parent)
    server.close()


def main():
    options = arguments()
    parent = os.getppid() if options.with_parent else None
    asyncio.run(serve(options, parent))


if __name__ == "__main__":
    main()
