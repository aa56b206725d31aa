//! Files: what they are, who sees them, what becomes of those that nobody names.

use crate::on_both;
use crate::support::{Answer, Client, fresh_key};
use chrono::TimeDelta;
use reqwest::multipart::{Form, Part};
use serde_json::json;

/// The smallest JPEG with an EXIF position in it.
fn photo() -> Vec<u8> {
    let mut exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0".to_vec();
    exif.extend_from_slice(&[0x25, 0x88, 4, 0, 1, 0, 0, 0, 26, 0, 0, 0, 0, 0, 0, 0]);
    exif.extend_from_slice(b"GPSPOSITION");
    let mut bytes = vec![0xFF, 0xD8, 0xFF, 0xE1];
    bytes.extend_from_slice(&u16::try_from(exif.len() + 2).unwrap().to_be_bytes());
    bytes.extend_from_slice(&exif);
    bytes.extend_from_slice(&[0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0, 1, 2, 3, 0xFF, 0xD9]);
    bytes
}

async fn upload(client: &Client, name: &str, media: &str, bytes: Vec<u8>) -> Answer {
    let part = Part::bytes(bytes)
        .file_name(name.to_owned())
        .mime_str(media)
        .unwrap();
    let form = Form::new().part("file", part);
    let request = client
        .request("POST", "/api/v1/attachments")
        .header("Idempotency-Key", fresh_key());
    client.send(request.multipart(form)).await
}

fn files_in(folder: &std::path::Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return 0;
    };
    let count = |path: std::path::PathBuf| if path.is_dir() { files_in(&path) } else { 1 };
    entries.map(|entry| count(entry.unwrap().path())).sum()
}

on_both! {
    /// A photo comes with the request and is seen by the handler; internal evidence is not seen by the resident.
    async fn files_are_seen_by_those_who_may_see_the_ticket(app: TestApp) {
        let resident = app.resident("13900000001").await;
        let kept = upload(&resident, "../现场 1.jpg", "image/jpeg", photo()).await;
        kept.expect(201);
        assert_eq!(kept.body["name"], "现场 1.jpg");
        let file = kept.text_at("/id");
        let request = json!({
            "category": "020101", "title": "怎么办证明", "content": "需要什么材料",
            "place": { "address": "羊桥社区" }, "attachments": [file]
        });
        let registered = resident.post("/api/v1/tickets", &request).await;
        registered.expect(201);
        let id = registered.text_at("/ticket/id");
        resident.post("/api/v1/tickets", &request).await.problem(422, "invalid_input");

        let path = format!("/api/v1/attachments/{file}");
        let shown = resident.send(resident.request("GET", &path)).await;
        shown.expect(200);
        assert_eq!(shown.headers["content-type"], "image/jpeg");
        assert!(shown.headers["content-disposition"].to_str().unwrap().starts_with("attachment"));
        assert!(!shown.text.contains("GPS"), "the position is gone");
        assert_eq!(app.staff("lead-440703002101").await.get(&path).await.status, 200);
        app.staff("lead-440703002102").await.get(&path).await.problem(404, "not_found");
        app.resident("13900000002").await.get(&path).await.problem(404, "not_found");
        app.nobody().get(&path).await.problem(401, "unauthenticated");

        let handler = app.staff("handler-a-440703002101").await;
        let evidence = upload(&handler, "证据.pdf", "application/pdf", b"%PDF-1.7 evidence".to_vec()).await;
        let evidence = evidence.text_at("/id");
        let note = json!({ "action": "note", "internal_text": "附证据", "attachments": [evidence] });
        handler.act(&id, &note).await.expect(200);
        resident.get(&format!("/api/v1/attachments/{evidence}")).await.problem(404, "not_found");
        let seen = resident.get(&format!("/api/v1/tickets/{id}")).await;
        assert_eq!(seen.body["attachments"].as_array().unwrap().len(), 1);
        let seen = handler.get(&format!("/api/v1/tickets/{id}")).await;
        assert_eq!(seen.body["attachments"].as_array().unwrap().len(), 2);
    }

    /// What a file says does not count; what it is does.
    async fn a_file_that_lies_is_refused(app: TestApp) {
        let resident = app.resident("13900000001").await;
        let refused = [
            ("a.png", "image/png", photo(), "file_type_refused"),
            ("a.jpg", "image/jpeg", b"<html><script>alert(1)</script>".to_vec(), "file_type_refused"),
            ("a.exe", "application/octet-stream", b"MZ\x90\0\x03".to_vec(), "file_type_refused"),
            ("a.pdf", "application/pdf", Vec::new(), "file_empty"),
        ];
        for (name, media, bytes, code) in refused {
            upload(&resident, name, media, bytes).await.problem(422, code);
        }
        let mut large = b"%PDF-1.7 ".to_vec();
        large.resize(app.app.kit().config.blob.max_file_bytes + 1, b'x');
        upload(&resident, "a.pdf", "application/pdf", large).await.problem(413, "body_too_large");
        let json = resident.post("/api/v1/attachments", &json!({})).await;
        json.problem(415, "unsupported_media_type");
        assert_eq!(files_in(&app.folder.path().join("attachments")), 0);
    }

    /// A day later what nobody named is gone, file and row; what a ticket named stays.
    async fn what_nobody_names_is_removed(app: TestApp) {
        let resident = app.resident("13900000001").await;
        let used = upload(&resident, "a.jpg", "image/jpeg", photo()).await.text_at("/id");
        let unused = upload(&resident, "b.jpg", "image/jpeg", photo()).await.text_at("/id");
        let request = json!({
            "category": "020101", "title": "证明", "content": "材料", "place": { "address": "羊桥社区" }, "attachments": [used]
        });
        resident.post("/api/v1/tickets", &request).await.expect(201);
        let folder = app.folder.path().join("attachments");
        assert_eq!(files_in(&folder), 2);
        app.turn(TimeDelta::hours(25));
        app.pass("attachments").await;
        assert_eq!(files_in(&folder), 1);
        let resident = app.resident("13900000001").await;
        resident.get(&format!("/api/v1/attachments/{unused}")).await.problem(404, "not_found");
        assert_eq!(resident.get(&format!("/api/v1/attachments/{used}")).await.status, 200);
    }
}
