//! Files that are not what they say, or too much.

use super::{good, key, refused, registered};
use crate::on_both;
use crate::support::{Answer, Client};
use serde_json::json;

/// The smallest picture there is: one pixel.
pub const PNG: &[u8] = &[
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 1, 0, 0,
    0, 1, 8, 6, 0, 0, 0, 0x1f, 0x15, 0xc4, 0x89, 0, 0, 0, 0x0d, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9c, 0x63,
    0x60, 0x60, 0x60, 0x60, 0, 0, 0, 5, 0, 1, 0xa5, 0xf6, 0x45, 0x40, 0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44,
    0xae, 0x42, 0x60, 0x82,
];

/// A document of so many bytes.
fn pdf(size: usize) -> Vec<u8> {
    let mut bytes = b"%PDF-1.7\n".to_vec();
    bytes.resize(size, b' ');
    bytes
}

/// The body of a form with one file.
pub fn form(field: &str, name: &str, claimed: &str, bytes: &[u8]) -> Vec<u8> {
    // As browsers do it (HTML, "escape a multipart form data name").
    let name = name
        .replace('\\', "\\\\")
        .replace('"', "%22")
        .replace('\r', "%0D")
        .replace('\n', "%0A");
    let head = format!(
        "--limit\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\nContent-Type: {claimed}\r\n\r\n"
    );
    [head.as_bytes(), bytes, b"\r\n--limit--\r\n"].concat()
}

pub async fn upload(client: &Client, form: Vec<u8>) -> Answer {
    let request = client
        .request("POST", "/api/v1/attachments")
        .header("Idempotency-Key", key());
    client
        .send(
            request
                .header("content-type", "multipart/form-data; boundary=limit")
                .body(form),
        )
        .await
}

on_both! {
    /// By its content, not by its name or what its header says.
    async fn a_file_is_what_it_says(app: TestApp) {
        let operator = app.staff("operator").await;
        upload(&operator, form("file", "现场.png", "image/png", PNG)).await.expect(201);
        for (name, claimed, bytes) in [
            ("a program", "image/png", b"MZ\x90\0\x03\0\0\0".as_slice()),
            ("a page", "text/html", b"<html><script>alert(1)</script></html>"),
            ("a page that says it is a picture", "image/png", b"<html><script>alert(1)</script></html>"),
            ("a drawing with a script", "image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>"),
            ("a picture that says it is a document", "application/pdf", PNG),
            ("a document that says it is a picture", "image/png", &pdf(100)),
            ("words", "text/plain", b"hello"),
            ("a picture cut off", "image/png", &PNG[..20]),
            ("an archive", "application/zip", b"PK\x03\x04\x14\0\0\0\0\0"),
        ] {
            refused(&app, name, upload(&operator, form("file", "a.png", claimed, bytes)), 422, "file_type_refused").await;
        }
        refused(&app, "nothing", upload(&operator, form("file", "a.png", "image/png", b"")), 422, "file_empty").await;
        let other = refused(&app, "another field", upload(&operator, form("photo", "a.png", "image/png", PNG)), 422, "invalid_input").await;
        assert_eq!(other.rule("/file"), Some("required"));
        refused(&app, "JSON", operator.post("/api/v1/attachments", &json!({ "file": "x" })), 415, "unsupported_media_type").await;
        let typed = operator.request("POST", "/api/v1/attachments").header("Idempotency-Key", "b").header("content-type", "multipart/form-data");
        refused(&app, "no boundary", operator.send(typed.body("x")), 415, "unsupported_media_type").await;
        let cut = operator.request("POST", "/api/v1/attachments").header("Idempotency-Key", "c").header("content-type", "multipart/form-data; boundary=x");
        refused(&app, "a form that breaks off", operator.send(cut.body("--x\r\nContent-Disposition: form-data; name=\"file\"")), 400, "malformed_body").await;
    }

    /// As large as it may be, and a byte more.
    async fn a_file_has_its_limit(app: TestApp) {
        let operator = app.staff("operator").await;
        let most = app.app.kit().config.blob.max_file_bytes;
        let kept = upload(&operator, form("file", "a.pdf", "application/pdf", &pdf(most))).await;
        kept.expect(201);
        assert_eq!(kept.body["size_bytes"], most);
        refused(&app, "a byte more", upload(&operator, form("file", "a.pdf", "application/pdf", &pdf(most + 1))), 413, "body_too_large").await;
    }

    /// A name is no path, and holds nothing that a header would stumble over.
    async fn a_name_is_made_safe(app: TestApp) {
        let operator = app.staff("operator").await;
        for (given, kept) in [
            ("../../etc/passwd", "passwd"),
            ("C:\\Windows\\a.png", "a.png"),
            ("<img src=x>.png", "img src=x.png"),
            ("   ", "file"),
            ("", "file"),
            ("现场 1.png", "现场 1.png"),
        ] {
            let answer = upload(&operator, form("file", given, "image/png", PNG)).await;
            answer.expect(201);
            assert_eq!(answer.text_at("/name"), kept, "{given}");
        }
        let split = upload(&operator, form("file", "a\r\nSet-Cookie: x\".png", "image/png", PNG)).await;
        assert!(!split.expect(201).text_at("/name").contains(['\r', '\n', '"', ':']), "{}", split.text);
    }

    /// Ten files of one entry and no more; each once, and only one's own.
    async fn files_are_ones_own_and_bound_once(app: TestApp) {
        let operator = app.staff("operator").await;
        let id = registered(&operator, &good()).await;
        let mut files = Vec::new();
        for _ in 0..11 {
            files.push(upload(&operator, form("file", "a.png", "image/png", PNG)).await.text_at("/id"));
        }
        let note = |files: &[String]| json!({ "action": "note", "internal_text": "x", "attachments": files });
        let many = refused(&app, "eleven", operator.act(&id, &note(&files)), 422, "invalid_input").await;
        assert_eq!(many.rule("/attachments"), Some("too_many"));
        let others = app.staff("dispatcher").await;
        refused(&app, "another's", others.act(&id, &note(&files[..1])), 422, "invalid_input").await;
        refused(&app, "twice in one", operator.act(&id, &note(&[files[0].clone(), files[0].clone()])), 422, "invalid_input").await;
        operator.act(&id, &note(&files[..10])).await.expect(200);
        refused(&app, "bound already", operator.act(&id, &note(&files[..1])), 422, "invalid_input").await;
        operator.act(&id, &note(&files[10..])).await.expect(200);
        let stranger = app.resident("13900000002").await;
        refused(&app, "not theirs to see", stranger.get(&format!("/api/v1/attachments/{}", files[0])), 404, "not_found").await;
    }
}
