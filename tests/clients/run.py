"""Runs the demonstration and tries it with clients that others wrote.

    run.py PROGRAM [DATABASE]     the built program, and an empty PostgreSQL database instead of the embedded one
"""

import sys
import tempfile

import open311
import webhooks
from demo import Demo


def main():
    program, *database = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder, Demo(program, folder, *database) as demo:
        for suite in [open311, webhooks]:
            suite.run(demo)
            print(f"clients: {suite.__name__} passed", flush=True)


main()
