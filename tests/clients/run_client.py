#!/usr/bin/env python3
"""Runs one client program of the matrix against a duet-server of its own.

    tests/clients/run_client.py COMMAND...        e.g. run_client.py node ioredis.js ioredis

The program finds the server in DUET_PORT (127.0.0.1), and has passed when it exits with 0. When it
says `restart` on a line of its own, the server is stopped and another started on the same port;
then the program gets a line on its standard input. npm's packages come from DUET_NPM; where
npm_install.sh did not install them, the exit code is 77.
"""
import os
import pathlib
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from harness import SLOWDOWN, Duet  # noqa: E402

LIMIT_S = 120


def start(port=0):
    return Duet(f"--resp-port={port}", "--grpc-port=0", "--admin-port=0", ports=False)


def converse(program, server):
    """Serves the program's wishes until it ends; returns the server that runs then."""
    for line in program.stdout:
        print(f"  {line}", end="", flush=True)
        if line.strip() == "restart":
            port = server.resp[1]
            server.stop()
            server = start(port)
            program.stdin.write("restarted\n")
            program.stdin.flush()
    return server


def main():
    environment = dict(os.environ)
    if "DUET_NPM" in environment:
        packages = pathlib.Path(environment["DUET_NPM"])
        if not (packages / "installed").exists():
            return 77
        environment["NODE_PATH"] = str(packages / "node_modules")
    server = start()
    environment["DUET_PORT"] = str(server.resp[1])
    program = subprocess.Popen(sys.argv[1:], env=environment, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               cwd=pathlib.Path(__file__).resolve().parent)
    limit = threading.Timer(LIMIT_S * SLOWDOWN, program.kill)
    limit.start()
    try:
        server = converse(program, server)
    finally:
        limit.cancel()
        program.kill()
        code = program.wait()
        ended = server.stop()
    if code != 0 or ended != 0:
        print(f"the client ended with {code}, the server with {ended}\n{server.output()}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
