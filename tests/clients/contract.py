"""The whole document by schemathesis, with all its checks, as people of three roles."""

import os
import pathlib
import subprocess
import sys

ROLES = ["operator", "sysadmin", "supervisor"]
# Generated cases of each operation, beside those that cover its schema.
EXAMPLES = os.environ.get("TEST_EXAMPLES", "2")
HERE = pathlib.Path(__file__).parent


def run(demo):
    for role in ROLES:
        person = demo.staff(role)
        command = [
            pathlib.Path(sys.executable).parent / "schemathesis",
            "--config-file",
            HERE / "schemathesis.toml",
            "run",
            HERE.parent.parent / "openapi/openapi.json",
            f"--url={demo.base}",
            f"--header=Authorization: {person.http.headers['Authorization']}",
            "--phases=coverage,fuzzing",
            f"--max-examples={EXAMPLES}",
            # A stream has no end, and a log-out would end the log-in.
            "--exclude-path-regex=stream|auth/logout",
            "--continue-on-failure",
            "--request-timeout=20",
            "--no-color",
            f"--seed={os.environ.get('TEST_SEED', '1')}",
        ]
        # What it keeps of its runs goes with the demonstration.
        done = subprocess.run(command, cwd=demo.folder, capture_output=True, text=True, timeout=10000)
        assert done.returncode == 0, f"{role}: {done.stdout}{done.stderr}"
        counted = next(line for line in done.stdout.splitlines() if " generated, " in line)
        # A run whose log-in had ended meanwhile would have tried nothing but that.
        assert person.get("/api/v1/me")["kind"] == "staff", role
        print(f"clients: contract as {role}: {counted.strip()}", flush=True)
