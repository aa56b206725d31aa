"""Webhooks, verified by libraries that others wrote: every delivery is accepted, and none of which one bit is another."""

import base64
import os
import random
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import nacl.exceptions
import nacl.signing
import standardwebhooks
import svix.webhooks
from demo import until

# Bits that are turned, one at a time.
FLIPS = int(os.environ.get("TEST_FLIPS", "10000"))


class Sink:
    """A receiver on this machine."""

    def __init__(self):
        self.got = []
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                sink.got.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def at(self, path):
        return [got for got in list(self.got) if got[0] == path]


def run(demo):
    sink = Sink()
    admin = demo.staff("sysadmin")
    district = admin.get("/api/v1/units?kind=district")["items"][0]["id"]

    def make(path, **more):
        body = {"url": sink.url + path, "types": ["ticket.*"], "unit_id": district, **more}
        return admin.post("/api/v1/webhooks", body, 201)["secret"]

    secret, key = make("/hmac"), make("/ed25519", signing="ed25519")
    operator = demo.staff("operator")
    for nth in range(5):
        request = {
            "requester": {"phone": "13900000001"},
            "category": "120302",
            "title": f"广场舞噪声 {nth}",
            "content": "很吵",
            "place": {"address": "羊桥社区"},
        }
        operator.post("/api/v1/tickets", request, 201)
    until(lambda: len(sink.at("/hmac")) >= 10 and len(sink.at("/ed25519")) >= 10, 30)
    verifiers = [standardwebhooks.Webhook(secret), svix.webhooks.Webhook(secret)]
    for _, headers, body in sink.at("/hmac"):
        for verifier in verifiers:
            verifier.verify(body, headers)
    public = nacl.signing.VerifyKey(base64.b64decode(key.removeprefix("whpk_")))
    for _, headers, body in sink.at("/ed25519"):
        verify_ed25519(public, headers, body)
    flip(sink.at("/hmac"), verifiers, public, sink.at("/ed25519"))


def verify_ed25519(public, headers, body):
    version, signature = headers["webhook-signature"].split(",")
    assert version == "v1a"
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    public.verify(signed, base64.b64decode(signature))


def flip(got, verifiers, public, got_ed25519):
    chance = random.Random(12345)
    taken = 0
    for trial in range(FLIPS):
        ed25519 = trial % 4 == 0
        _, headers, body = chance.choice(got_ed25519 if ed25519 else got)
        headers = dict(headers)
        where = chance.choice(["body", "timestamp", "signature"])
        if where == "body":
            body = turned(body, chance)
        elif where == "timestamp":
            headers["webhook-timestamp"] = turned(headers["webhook-timestamp"].encode(), chance).decode("latin-1")
        else:
            version, signature = headers["webhook-signature"].split(",")
            bits = base64.b64encode(turned(base64.b64decode(signature), chance)).decode()
            headers["webhook-signature"] = f"{version},{bits}"
        try:
            if ed25519:
                verify_ed25519(public, headers, body)
            else:
                chance.choice(verifiers).verify(body, headers)
            taken += 1
        except (
            standardwebhooks.WebhookVerificationError,
            svix.webhooks.WebhookVerificationError,
            nacl.exceptions.BadSignatureError,
            UnicodeDecodeError,
        ):
            pass
    assert taken == 0, f"{taken} of {FLIPS} were taken"


def turned(some, chance):
    """The same, but for one bit."""
    bits = bytearray(some)
    bits[chance.randrange(len(bits))] ^= 1 << chance.randrange(8)
    return bytes(bits)
