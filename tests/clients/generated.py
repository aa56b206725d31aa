"""A client that is generated from the document: its types are checked by a compiler, and it does the main job. The documents
by a linter."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).parent / "typescript"
DOCUMENTS = pathlib.Path(__file__).parent.parent.parent / "openapi"


def run(demo):
    environment = {**os.environ, "HOTLINE_DEMO": json.dumps(demo.told), "REDOCLY_TELEMETRY": "off"}
    # Node of this machine, else that of requirements.txt.
    environment["PATH"] += f":{pathlib.Path(sys.executable).parent}"

    def call(*command):
        program = shutil.which(command[0], path=environment["PATH"]) or command[0]
        done = subprocess.run([program, *command[1:]], cwd=HERE, env=environment, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, f"{' '.join(map(str, command))}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    call("npm", "ci", "--no-audit", "--no-fund")
    for document in ["openapi.json", "open311.json"]:
        call("npx", "redocly", "lint", "--config", "redocly.yaml", DOCUMENTS / document)
    call("npx", "openapi-typescript", DOCUMENTS / "openapi.json", "-o", "api.ts")
    call("npx", "tsc")
    print(f"clients: generated: {call('node', 'built/main.js')}", flush=True)
