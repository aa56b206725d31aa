"""Open311 GeoReport v2 by two clients that others wrote, and as FixMyStreet speaks it."""

import base64
import io
import itertools
from datetime import datetime, timedelta, timezone
from urllib.parse import urlparse

import requests
import xmltodict
from georeport import GeoReport

# `three` was written for Python 2.
itertools.ifilter = filter
from three import Three  # noqa: E402

PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def run(demo):
    key = demo.client("地图报事（演示）")
    root = f"{demo.base}/open311/v2"
    number = by_three(root, ":".join(key))
    by_georeport(root, key, number)
    like_fixmystreet(demo, root, ":".join(key), number)
    nothing_by_halves(root, ":".join(key))
    errors(root, ":".join(key), number)


def by_three(root, api_key):
    client = Three(root, api_key=api_key, jurisdiction="440703")
    discovered = client.discovery()
    assert discovered["endpoints"][0]["url"] == root, discovered
    services = client.services()
    noise = next(service for service in services if service["service_code"] == "120302")
    assert noise["type"] == "realtime" and noise["group"], noise
    with_form = next(service for service in services if service["metadata"])
    definition = client.services(with_form["service_code"])
    assert definition["attributes"][0]["order"] == 1, definition
    made = client.post(
        "120302", address="羊桥社区 12 号", name="三 张", phone="138 1234 1234", description="广场舞噪声\n每晚七点开始", media=io.BytesIO(PICTURE)
    )
    number = made[0]["service_request_id"]
    assert client.post_response.status_code == 201, made
    found = client.request(number, api_key=api_key)[0]
    assert found["status"] == "open" and found["description"].startswith("广场舞噪声"), found
    # A picture that was sent along has a link, and the link needs no key.
    picture = requests.get(found["media_url"], timeout=30)
    assert picture.status_code == 200 and picture.headers["Content-Type"] == "image/png", found
    assert requests.get(found["media_url"][:-1] + "x", timeout=30).status_code == 404
    listed = client.requests("120302", count=5, api_key=api_key)
    assert [request["service_request_id"] for request in listed] == [number], listed
    assert client.token(number, api_key=api_key)[0]["service_request_id"] == number
    return number


def by_georeport(root, key, number):
    address = urlparse(root)
    secured = f"http://{key[0]}:{key[1]}@{address.netloc}{address.path}"
    for words in ["json", "xml"]:
        client = GeoReport(secured, jurisdiction="440703", output_format=words)
        services = client.get_service_list()
        assert any(service["service_code"] == "120302" for service in services), words
        with_form = next(service for service in services if str(service["metadata"]).lower() == "true")
        definition = client.get_service_definition(with_form["service_code"])
        assert definition["service_code"] == with_form["service_code"], definition
        found = client.get_service_requests(status="open", service_code="120302")
        # A list of one is no list in what xmltodict makes of XML.
        found = found if isinstance(found, list) else [found]
        assert [request["service_request_id"] for request in found] == [number], found
        assert client.get_service_request(number)["service_name"] == found[0]["service_name"]


def like_fixmystreet(demo, root, api_key, number):
    """Posts XML with a point, polls updates, and adds to a request."""
    form = {
        "api_key": api_key,
        "service_code": "120302",
        "lat": "22.6",
        "long": "113.07",
        "address_string": "羊桥社区",
        "description": "title: 音响太吵\n\ndetail: 每晚十点后",
        "media_url": "https://example.org/photo.jpeg",
        "attribute[title]": "音响太吵",
        "first_name": "San",
        "last_name": "Zhang",
        "email": "nobody@example.org",
        "deviceid": "",
    }
    made = requests.post(f"{root}/requests.xml", data=form, timeout=30)
    assert made.status_code == 201 and made.headers["Content-Type"] == "text/xml; charset=utf-8", made.text
    other = xmltodict.parse(made.content)["service_requests"]["request"]["service_request_id"]
    # Somebody of the community signs for it, and says something.
    clerk = demo.staff("dispatcher")
    ticket = clerk.get(f"/api/v1/tickets?number={number}")["items"][0]["id"]
    clerk.act(ticket, {"action": "note", "public_text": "已联系社区民警"})
    start = (datetime.now(timezone.utc) - timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    end = (datetime.now(timezone.utc) + timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    window = {"api_key": api_key, "start_date": start, "end_date": end}
    polled = requests.get(f"{root}/servicerequestupdates.xml", params=window, timeout=30)
    updates = xmltodict.parse(polled.content, force_list=["request_update"])["service_request_updates"]["request_update"]
    said = [update for update in updates if update["description"] == "已联系社区民警"]
    assert len(said) == 1 and said[0]["service_request_id"] == number, updates
    # That it was registered is the request itself.
    assert all(update["service_request_id"] != other for update in updates), updates
    assert len({update["update_id"] for update in updates}) == len(updates)
    update = {
        "api_key": api_key,
        "service_request_id": number,
        "update_id": "4711",
        "updated_datetime": end,
        "status": "OPEN",
        "description": "今晚又来了",
        "first_name": "San",
    }
    first = requests.post(f"{root}/servicerequestupdates.xml", data=update, timeout=30)
    again = requests.post(f"{root}/servicerequestupdates.xml", data=update, timeout=30)
    assert first.status_code == 201 and first.text == again.text, first.text + again.text
    entries = [entry for entry in clerk.get(f"/api/v1/tickets/{ticket}")["timeline"] if entry["kind"] == "supplemented"]
    assert len(entries) == 1, entries
    more = requests.get(f"{root}/requests/{number}.json", params={"api_key": api_key, "extensions": "true"}, timeout=30).json()
    assert any(note["description"] == "已联系社区民警" for note in more[0]["notes"]), more


def nothing_by_halves(root, api_key):
    """What is refused has done nothing, and a repeat is told from another request."""
    form = {"api_key": api_key, "service_code": "120302", "address_string": "羊桥社区", "description": "吵"}
    count = lambda: len(requests.get(f"{root}/requests.json", params={"api_key": api_key}, timeout=30).json())  # noqa: E731
    before = count()
    assert requests.post(f"{root}/requests.csv", data=form, timeout=30).status_code == 404
    # Whoever sends files must be known first.
    files = [("media", ("a.png", PICTURE, "image/png")), ("api_key", (None, api_key)), ("service_code", (None, "120302"))]
    assert requests.post(f"{root}/requests.json", files=files, timeout=30).status_code == 403
    assert count() == before
    once = {"Idempotency-Key": "once"}
    first = requests.post(f"{root}/requests.json", data=form, headers=once, timeout=30)
    again = requests.post(f"{root}/requests.json", data=form, headers=once, timeout=30)
    other = requests.post(f"{root}/requests.json", data={**form, "description": "别的"}, headers=once, timeout=30)
    assert first.status_code == 201 and again.json() == first.json() and other.status_code == 400, other.text
    assert count() == before + 1
    unknown = {"api_key": api_key, "service_code": "\0,x"}
    assert requests.get(f"{root}/requests.json", params=unknown, timeout=30).json() == []


def errors(root, api_key, number):
    """Each with its status, in the protocol's own shape and in both formats."""
    form = {"api_key": api_key, "service_code": "120302", "address_string": "羊桥社区", "description": "吵"}
    with_key = {"api_key": api_key}
    cases = [
        (403, "post", "requests", {**form, "api_key": ""}),
        (403, "post", "requests", {**form, "api_key": "nobody:wrong"}),
        (404, "post", "requests", {**form, "service_code": "999999"}),
        (404, "post", "requests", {**form, "jurisdiction_id": "city.gov"}),
        (400, "post", "requests", {**form, "service_code": ""}),
        (400, "post", "requests", {**form, "address_string": ""}),
        (400, "post", "requests", {**form, "address_string": "", "lat": "north", "long": "1"}),
        (400, "post", "requests", {**form, "address_string": "", "lat": "1.0", "long": "1.0"}),
        (400, "post", "requests", {**form, "description": "x" * 4001}),
        (400, "post", "requests", {**form, "media_url": "javascript:alert(1)"}),
        (400, "post", "requests", {**form, "phone": "12"}),
        (403, "get", "requests", {}),
        (400, "get", "requests", {**with_key, "status": "done"}),
        (400, "get", "requests", {**with_key, "start_date": "2026-01-01T00:00:00Z", "end_date": "2026-12-01T00:00:00Z"}),
        (404, "get", "requests/261127000000000", with_key),
        (404, "get", "tokens/12345", with_key),
        (404, "get", "services/999999", {}),
        (404, "get", "services/12", {}),
        (404, "get", "nothing", {}),
        (400, "post", "servicerequestupdates", {**with_key, "service_request_id": number, "update_id": "1"}),
        (404, "post", "servicerequestupdates", {**with_key, "service_request_id": "1", "update_id": "1", "description": "x"}),
    ]
    for status, method, path, given in cases:
        for words in ["json", "xml"]:
            send = {"params" if method == "get" else "data": given}
            answer = requests.request(method, f"{root}/{path}.{words}", timeout=30, headers={"Accept-Language": "en"}, **send)
            case = f"{method} {path}.{words} {given}: {answer.status_code} {answer.text}"
            assert answer.status_code == status, case
            if words == "json":
                told = answer.json()
            else:
                told = xmltodict.parse(answer.content, force_list=["error"])["errors"]["error"]
            assert all(str(error["code"]) == str(status) and error["description"] for error in told), case
