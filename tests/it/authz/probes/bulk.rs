//! Lists as files, and files as rows.

use super::{Probe, Stage};
use hotline::access::Op;
use serde_json::json;

pub fn all(stage: &Stage) -> Vec<Probe> {
    let bad = json!({ "format": "csv", "reason": "?", "tickets": {} });
    let mut probes = vec![
        Probe::new(Op::ListExports, "GET", "/api/v1/exports?limit=1", &[200]),
        Probe::new(Op::CreateExport, "POST", "/api/v1/exports", &[422]).json(bad),
    ];
    for export in &stage.exports {
        let path = format!("/api/v1/exports/{}", export.id);
        let some = [
            Probe::new(Op::GetExport, "GET", &path, &[200]),
            // It may have been given up by who asked for it.
            Probe::new(Op::GetExportFile, "GET", format!("{path}/file"), &[200, 404]),
            Probe::new(Op::DeleteExport, "DELETE", &path, &[204]),
        ];
        probes.extend(some.map(|probe| probe.about(export, Op::GetExport)));
    }
    for (op, kind) in [
        (Op::ImportResidents, "residents"),
        (Op::ImportStaff, "staff"),
        (Op::ImportTickets, "tickets"),
    ] {
        // JSON is no file: who may send one hears so.
        let path = format!("/api/v1/imports/{kind}");
        probes.push(Probe::new(op, "POST", path, &[415]).json(json!({})));
    }
    probes.push(Probe::new(
        Op::ListImports,
        "GET",
        "/api/v1/imports?limit=1",
        &[200],
    ));
    for import in &stage.imports {
        let path = format!("/api/v1/imports/{}", import.id);
        let some = [
            Probe::new(Op::GetImport, "GET", &path, &[200]),
            Probe::new(Op::ListImportLines, "GET", format!("{path}/lines"), &[200]),
            Probe::new(Op::DeleteImport, "DELETE", &path, &[204]),
        ];
        probes.extend(some.map(|probe| probe.about(import, Op::GetImport)));
    }
    probes
}
