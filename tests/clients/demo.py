"""The demonstration as a child process, and people of it."""

import json
import os
import subprocess
import time
import uuid

import requests


class Demo:
    """A running service with demonstration data, stopped at the end of a `with`."""

    def __init__(self, program, folder, database=None):
        command = [program, "demo", "--json", "--listen", "127.0.0.1:0", "--data", folder]
        if database:
            command += ["--database", database]
        self.folder = folder
        # Receivers of these tests are on this machine.
        environment = {**os.environ, "HOTLINE_OUTBOUND__ALLOW_HOSTS": '["127.0.0.1"]'}
        # The long run of the whole document takes longer than a token lives; an hour for each role is the most.
        environment["HOTLINE_AUTH__ACCESS_TTL_S"] = "3600"
        log = open(f"{folder}/log", "w")
        self.child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=environment)
        line = self.child.stdout.readline()
        if not line:
            raise SystemExit(f"the demonstration did not start; its log is in {folder}/log")
        self.told = json.loads(line)
        self.base = self.told["base_url"]
        self.passwords = {account["user_name"]: account["password"] for account in self.told["accounts"]}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.terminate()
        self.child.wait(30)

    def staff(self, user_name):
        """Somebody of the staff, logged in."""
        body = {"user_name": user_name, "password": self.passwords[user_name]}
        answer = requests.post(f"{self.base}/api/v1/auth/staff", json=body, timeout=30)
        answer.raise_for_status()
        return Person(self.base, answer.json()["access_token"])

    def client(self, name, **more):
        """A new client: its id and its secret."""
        district = self.staff("secadmin").get("/api/v1/units?kind=district")["items"][0]["id"]
        body = {"name": name, "unit_id": district, "channel": "web", "scopes": ["tickets:read", "tickets:write"], **more}
        made = self.staff("secadmin").post("/api/v1/clients", body, 201)
        return made["client"]["id"], made["client_secret"]


class Person:
    """Whoever has a token."""

    def __init__(self, base, token):
        self.base = base
        self.http = requests.Session()
        self.http.headers["Authorization"] = f"Bearer {token}"

    def get(self, path):
        answer = self.http.get(self.base + path, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def post(self, path, body, status=200, **headers):
        headers = {"Idempotency-Key": str(uuid.uuid4()), **headers}
        answer = self.http.post(self.base + path, json=body, headers=headers, timeout=30)
        assert answer.status_code == status, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    def act(self, ticket, action):
        """Acts on a ticket as it is now."""
        version = self.http.get(f"{self.base}/api/v1/tickets/{ticket}", timeout=30).headers["ETag"]
        return self.post(f"/api/v1/tickets/{ticket}/actions", action, **{"If-Match": version})


def until(what, seconds=10):
    """Waits until something is so, and gives it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError("it did not come about")
