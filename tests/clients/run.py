"""Runs the demonstration and tries it with clients that others wrote.

    run.py PROGRAM [DATABASE]     the built program, and an empty PostgreSQL database instead of the embedded one

TEST_SUITES names some of the suites: open311,webhooks,generated,contract.
"""

import os
import sys
import tempfile

import contract
import generated
import open311
import webhooks
from demo import Demo


def main():
    program, *database = sys.argv[1:]
    wanted = os.environ.get("TEST_SUITES", "open311,webhooks,generated,contract").split(",")
    suites = [suite for suite in [open311, webhooks, generated, contract] if suite.__name__ in wanted]
    with tempfile.TemporaryDirectory() as folder, Demo(program, folder, *database) as demo:
        for suite in suites:
            suite.run(demo)
            print(f"clients: {suite.__name__} passed", flush=True)


main()
