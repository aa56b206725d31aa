"""The main job by a client that nobody wrote, made from openapi/openapi.json: a program registers, people answer, the list is
read as a file."""

import base64
import io
import json
import os
import time
import uuid
from typing import TypeVar

import attrs
from hotline_client import AuthenticatedClient, Client
from hotline_client.api.administration import create_client
from hotline_client.api.bulk import create_export, get_export, get_export_file
from hotline_client.api.log_in import issue_token, login_staff
from hotline_client.api.organisation import list_units
from hotline_client.api.tickets import act_on_ticket, get_ticket, list_tickets, register_ticket, upload_attachment
from hotline_client.models import (
    AcceptAction,
    ApproveAction,
    CallBackAction,
    ClientIn,
    ContactIn,
    ExportIn,
    FileIn,
    FirstContactAction,
    PlaceIn,
    Problem,
    RatingIn,
    RegisterIn,
    ReplyAction,
    SignAction,
    StaffLoginIn,
    TicketFilters,
    TicketOut,
    TokenIn,
)
from hotline_client.types import UNSET, File, Unset

TOLD = json.loads(os.environ["HOTLINE_DEMO"])
BASE: str = TOLD["base_url"]
PASSWORD: str = TOLD["accounts"][0]["password"]
# The smallest picture.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c636060600000000400"
    "01f61738550000000049454e44ae426082"
)

T = TypeVar("T")
Action = AcceptAction | SignAction | FirstContactAction | ReplyAction | ApproveAction | CallBackAction


def need(what: str, answer: object, kind: type[T]) -> T:
    """What was answered, if it is of this kind; the problem otherwise."""
    assert isinstance(answer, kind), f"{what}: {answer}"
    return answer


def given(value: T | None | Unset) -> T:
    """A value that may be left out, and is not."""
    assert value is not None and not isinstance(value, Unset)
    return value


def key() -> str:
    return str(uuid.uuid4())


def person(user_name: str) -> AuthenticatedClient:
    body = StaffLoginIn(user_name=user_name, password=PASSWORD)
    answer = login_staff.sync(client=Client(BASE), body=body)
    assert answer is not None and not isinstance(answer, Problem), f"{user_name}: {answer}"
    return AuthenticatedClient(BASE, answer.access_token)


def act(who: AuthenticatedClient, ticket: uuid.UUID, action: Action) -> TicketOut:
    seen = need("read", get_ticket.sync(ticket, client=who), TicketOut)
    answer = act_on_ticket.sync(ticket, client=who, body=action, idempotency_key=key(), if_match=f'"{seen.version}"')
    return need(action.action, answer, TicketOut)


def program() -> AuthenticatedClient:
    """A kiosk with leave of its own (RFC 6749 §4.4)."""
    office = person("secadmin")
    units = list_units.sync(client=office, kind="community")
    assert units is not None and not isinstance(units, Problem)
    unit = next(unit.id for unit in units.items if unit.code == "440703002101")
    asked = ClientIn(name="触摸屏（示例）", channel="kiosk", unit_id=unit, scopes=["tickets:read", "tickets:write"])
    made = create_client.sync(client=office, body=asked, idempotency_key=key())
    assert made is not None and not isinstance(made, Problem), made
    basic = base64.b64encode(f"{made.client.id}:{made.client_secret}".encode()).decode()
    form = TokenIn(grant_type="client_credentials")
    token = issue_token.sync(client=AuthenticatedClient(BASE, basic, prefix="Basic"), body=form)
    assert token is not None and not isinstance(token, Problem) and hasattr(token, "access_token"), token
    return AuthenticatedClient(BASE, token.access_token)


def registered(kiosk: AuthenticatedClient) -> TicketOut:
    request = RegisterIn(
        category="120302",
        title="广场舞噪声",
        content="每晚七点到十点，音响声音很大。",
        place=PlaceIn(address="羊桥社区"),
        requester=ContactIn(phone="13900000002"),
    )
    once = key()
    made = register_ticket.sync(client=kiosk, body=request, idempotency_key=once)
    again = register_ticket.sync(client=kiosk, body=request, idempotency_key=once)
    assert made is not None and not isinstance(made, Problem), made
    assert again is not None and not isinstance(again, Problem) and again.ticket.id == made.ticket.id
    # Wrong input is a problem document with the field and the rule.
    wrong = attrs.evolve(request, title="")
    refused = need("wrong", register_ticket.sync(client=kiosk, body=wrong, idempotency_key=key()), Problem)
    assert refused.code == "invalid_input" and given(refused.errors)[0].pointer == "/title"
    return need("mine", get_ticket.sync(made.ticket.id, client=kiosk), TicketOut)


def answered(ticket: uuid.UUID) -> TicketOut:
    act(person("operator"), ticket, AcceptAction(action="accept"))
    handlers = [person(f"handler-{letter}-440703002101") for letter in "ab"]
    worker = next(who for who in handlers if "sign" in need("read", get_ticket.sync(ticket, client=who), TicketOut).actions)
    act(worker, ticket, SignAction(action="sign"))
    act(worker, ticket, FirstContactAction(action="first_contact", reached=True, by="电话"))
    picture = FileIn(file=File(io.BytesIO(PNG), "现场.png", "image/png"))
    kept = upload_attachment.sync(client=worker, body=picture, idempotency_key=key())
    assert kept is not None and not isinstance(kept, Problem), kept
    reply = ReplyAction(action="reply", result="solved", public_text="已劝导，九点后停止。", attachments=[kept.id])
    act(worker, ticket, reply)
    act(person("lead-440703002101"), ticket, ApproveAction(action="approve"))
    rating = RatingIn(contacted=True, solved=True, satisfied=5)
    return act(person("callback"), ticket, CallBackAction(action="call_back", reached=True, rating=rating))


def listed(number: str) -> None:
    """Finds it by pages, and in a file."""
    supervisor = person("supervisor")
    numbers: list[str] = []
    cursor: str | Unset = UNSET
    while not isinstance(cursor, str) or cursor:
        page = list_tickets.sync(client=supervisor, limit=2, cursor=cursor)
        assert page is not None and not isinstance(page, Problem), page
        numbers += [row.number for row in page.items]
        cursor = page.next_cursor or ""
    assert numbers.count(number) == 1
    asked = ExportIn(format_="csv", reason="示例：生成的客户端", tickets=TicketFilters())
    made = create_export.sync(client=supervisor, body=asked, idempotency_key=key())
    assert made is not None and not isinstance(made, Problem), made
    end = time.monotonic() + 30
    while made.state != "done":
        assert time.monotonic() < end and made.state != "failed", made.state
        time.sleep(0.1)
        seen = get_export.sync(made.id, client=supervisor)
        assert seen is not None and not isinstance(seen, Problem), seen
        made = seen
    lines = get_export_file.sync_detailed(made.id, client=supervisor).content.decode().splitlines()
    assert sum(number in line for line in lines) == 1 and len(lines) == len(numbers) + 1


ticket = registered(program())
closed = answered(ticket.id)
assert closed.state == "closed", closed.state
listed(closed.number)
print(closed.number, closed.state)
