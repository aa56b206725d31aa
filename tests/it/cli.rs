//! The command line, as an operator uses it: the built program as a child process.

use crate::support::{Backend, Client};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use tempfile::TempDir;

const HOTLINE: &str = env!("CARGO_BIN_EXE_hotline");

/// A command whose database, keys and files lie in `folder`.
fn hotline(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(HOTLINE);
    command
        .args(args)
        .env(
            "HOTLINE_DATABASE__URL",
            format!("sqlite://{}", folder.join("data.sqlite").display()),
        )
        .env("HOTLINE_SECRETS__MASTER_KEY_FILE", folder.join("master.key"))
        .env(
            "HOTLINE_BLOB__URL",
            format!("file://{}", folder.join("files").display()),
        )
        .env("HOTLINE_AUTH__ARGON2_MEMORY_KIB", "8")
        .env("HOTLINE_LOG__FILTER", "error");
    command
}

fn run(folder: &Path, args: &[&str]) -> Output {
    hotline(folder, args).stdin(Stdio::null()).output().unwrap()
}

#[track_caller]
fn succeeds(folder: &Path, args: &[&str]) -> String {
    let output = run(folder, args);
    assert!(
        output.status.success(),
        "{args:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

#[track_caller]
fn fails(folder: &Path, args: &[&str], why: &str) {
    let output = run(folder, args);
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(!output.status.success() && said.contains(why), "{args:?}: {said}");
}

/// The demonstration as a child, stopped by SIGTERM when it goes out of scope.
struct Demo {
    child: Child,
    told: Value,
}

impl Demo {
    fn start(extra: &[&str]) -> (Self, TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("demo");
        let mut command = hotline(
            folder.path(),
            &["demo", "--listen", "127.0.0.1:0", "--json", "--data"],
        );
        let mut child = command
            .arg(&data)
            .args(extra)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let told = serde_json::from_str(&line).unwrap();
        (Self { child, told }, folder)
    }

    fn client(&self) -> Client {
        Client::new(self.told["base_url"].as_str().unwrap(), None)
    }

    fn stop(mut self) -> bool {
        let id = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &id]).status().unwrap();
        self.child.wait().unwrap().success()
    }
}

async fn try_out(extra: &[&str]) {
    let (demo, _folder) = Demo::start(extra);
    let client = demo.client();
    assert_eq!(client.get("/health/ready").await.status, 200);
    let account = &demo.told["accounts"][0];
    assert_eq!(account["role"], "operator");
    let login = json!({ "user_name": account["user_name"], "password": account["password"] });
    client.post("/api/v1/auth/staff", &login).await.expect(200);
    assert_eq!(demo.told["bells"][0]["serial"], "DEMO-BELL-1");
    let resident = &demo.told["residents"][0];
    let login = json!({ "phone": resident["phone"], "code": resident["code"] });
    let tokens = client.post("/api/v1/auth/code/login", &login).await;
    tokens.expect(200);
    let base = demo.told["base_url"].as_str().unwrap();
    let resident = Client::new(base, Some(tokens.text_at("/tokens/access_token")));
    let request = json!({
        "category": "020101", "title": "证明", "content": "材料", "place": { "address": "羊桥社区" }
    });
    let registered = resident.post("/api/v1/tickets", &request).await;
    registered.expect(201);
    if extra.contains(&"--now") {
        assert!(
            registered
                .text_at("/ticket/created_at")
                .starts_with("2026-09-28T01:0"),
            "the clock is turned"
        );
    }
    assert!(demo.stop(), "it stops when it is asked to");
}

#[tokio::test]
async fn the_demonstration_starts_tells_and_stops() {
    try_out(&[]).await;
    try_out(&["--now", "2026-09-28T09:00:00+08:00"]).await;
}

#[tokio::test]
async fn the_demonstration_runs_on_postgresql() {
    if Backend::postgres_is_there() {
        let server = std::env::var("TEST_DATABASE_URL").unwrap();
        let db = sea_orm::Database::connect(&server).await.unwrap();
        let name = format!("hotline_demo_{}", std::process::id());
        sea_orm::ConnectionTrait::execute_unprepared(&db, &format!("CREATE DATABASE {name}"))
            .await
            .unwrap();
        let url = format!("{}/{name}", server.rsplit_once('/').unwrap().0);
        try_out(&["--database", &url]).await;
    }
}

#[test]
fn a_schema_goes_up_and_down() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    assert!(succeeds(folder, &["migrate", "status"]).contains("pending"));
    fails(folder, &["check"], "wrong  database");
    let up = succeeds(folder, &["migrate", "up"]);
    assert!(!up.contains("pending"));
    let steps = up.matches("applied").count().to_string();
    fails(folder, &["migrate", "down"], "--yes-lose-data");
    let down = succeeds(folder, &["migrate", "down", "--steps", &steps, "--yes-lose-data"]);
    assert!(!down.contains("applied"));
    succeeds(folder, &["migrate", "up"]);
}

#[test]
fn files_are_imported_with_a_report() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let seed = |name: &str| format!("{}/seed/{name}", env!("CARGO_MANIFEST_DIR"));
    assert!(succeeds(folder, &["import", "org", &seed("organisation.csv")]).contains("created 146"));
    assert!(succeeds(folder, &["import", "org", &seed("organisation.csv")]).contains("unchanged 146"));
    succeeds(
        folder,
        &[
            "import",
            "calendar",
            &seed("holidays.json"),
            "--policy",
            &seed("policy.json"),
        ],
    );
    succeeds(
        folder,
        &[
            "import",
            "catalogue",
            &seed("catalogue.json"),
            "--posts",
            &seed("posts.json"),
        ],
    );

    holidays_and_closures(folder);

    let bad = folder.join("bad.csv");
    std::fs::write(
        &bad,
        "code,name,kind,parent_code\nx1,一,village,440703002\nx2,,town,440703\nx3,三,planet,nowhere\n",
    )
    .unwrap();
    let bad = bad.to_str().unwrap();
    fails(folder, &["import", "org", bad], "line 3 (x2): name");
    fails(folder, &["import", "org", bad], "kind: planet is none");
    assert!(succeeds(folder, &["import", "org", &seed("organisation.csv")]).contains("unchanged 146"));

    let people = folder.join("people.csv");
    let header = "kind,name,phone,id_number,email,address,unit_code,labels";
    std::fs::write(
        &people,
        format!("{header}\nperson,甲,13900000011,,,,440703002101,elderly\nperson,乙,12,,,,,\n"),
    )
    .unwrap();
    fails(
        folder,
        &["import", "residents", people.to_str().unwrap()],
        "created 1",
    );

    bells(folder);

    let mut child = hotline(
        folder,
        &[
            "user",
            "create",
            "--name",
            "root1",
            "--display-name",
            "管理员",
            "--role",
            "system_admin",
            "--unit",
            "440703",
        ],
    )
    .stdin(Stdio::piped())
    .stdout(Stdio::piped())
    .spawn()
    .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(b"a good long password\n")
        .unwrap();
    assert!(child.wait().unwrap().success());
    rosters(folder);
}

/// Shifts: tried, written, and the same again.
fn rosters(folder: &Path) {
    let file = folder.join("roster.csv");
    let path = file.to_str().unwrap();
    let header = "unit_code,post,starts_at,ends_at,user_names";
    #[expect(
        clippy::disallowed_methods,
        reason = "the program reads the clock of the machine"
    )]
    let day = chrono::Utc::now().date_naive() + chrono::Days::new(3);
    let lines = |names: &str| {
        let text = format!("{header}\n440703,duty,{day} 08:00,{day} 20:00,{names}\n");
        std::fs::write(&file, text).unwrap();
    };
    lines("root1 nobody");
    fails(
        folder,
        &["import", "duty", path],
        "line 2: user_names: there is no nobody",
    );
    // A system administrator takes no duty.
    lines("root1");
    fails(folder, &["import", "duty", path], "root1 must be");
    let mut child = hotline(
        folder,
        &[
            "user",
            "create",
            "--name",
            "duty1",
            "--display-name",
            "值班员",
            "--role",
            "duty_officer",
            "--unit",
            "440703",
        ],
    )
    .stdin(Stdio::piped())
    .spawn()
    .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(b"a good long password\n")
        .unwrap();
    assert!(child.wait().unwrap().success());
    lines("duty1");
    assert!(succeeds(folder, &["import", "duty", "--dry-run", path]).contains("created 1"));
    assert!(succeeds(folder, &["import", "duty", path]).contains("created 1"));
    assert!(succeeds(folder, &["import", "duty", path]).contains("unchanged 1"));
}

/// Homes with a bell: told first, then written, with the secrets of what is new.
fn bells(folder: &Path) {
    let file = folder.join("bells.csv");
    let path = file.to_str().unwrap();
    let header = hotline::callbell::import::HEADER.join(",");
    let good =
        "CLI-1,bell,440703002101,3栋,2单元,501房,甲某某,13900000011,,乙某某,13900000012,女儿,never,,\n";
    std::fs::write(
        &file,
        format!("{header}\n{good}CLI-2,bell,nowhere,,,1号,丙,,,,,,,,\n"),
    )
    .unwrap();
    fails(folder, &["import", "callbell", path], "line 3 (CLI-2): unit_code");
    std::fs::write(&file, format!("{header}\n{good}")).unwrap();
    let dry = succeeds(folder, &["import", "callbell", path, "--dry-run"]);
    assert!(dry.contains("created 1") && !dry.contains("whsec_"), "{dry}");
    let done = succeeds(folder, &["import", "callbell", path]);
    assert!(
        done.contains("created 1") && done.contains("CLI-1 whsec_"),
        "{done}"
    );
    assert!(succeeds(folder, &["import", "callbell", path]).contains("created 0, updated 0, unchanged 1"));
}

/// Holidays as they circulate, and closures.
fn holidays_and_closures(folder: &Path) {
    let calendar = |summary: &str| {
        format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//example//zh\r\nBEGIN:VEVENT\r\nUID:1\r\n\
             DTSTART;VALUE=DATE:20280101\r\nDTEND;VALUE=DATE:20280104\r\nSUMMARY:{summary}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        )
    };
    let ics = folder.join("holidays.ics");
    let path = ics.to_str().unwrap();
    std::fs::write(&ics, calendar("元旦")).unwrap();
    fails(folder, &["import", "calendar", path], "元旦");
    std::fs::write(&ics, calendar("元旦 休")).unwrap();
    assert!(succeeds(folder, &["import", "calendar", path]).contains("created 1"));
    assert!(succeeds(folder, &["import", "calendar", path]).contains("unchanged 1"));

    let file = folder.join("closures.json");
    let path = file.to_str().unwrap();
    let typhoon = r#"{ "unit_code": "440703002", "first_day": "2026-09-08", "reason": "台风“示例”停工" }"#;
    let flood =
        r#"{ "from": "2026-09-08T14:00:00+08:00", "to": "2026-09-08T16:00:00+08:00", "reason": "防汛" }"#;
    for (wrong, told) in [
        (
            r#"{ "unit_code": "nowhere", "first_day": "2026-09-08", "reason": "x" }"#,
            "closures/1: unit_code: nowhere is none",
        ),
        (
            r#"{ "from": "2026-09-08T14:00:00+08:00", "reason": "x" }"#,
            "closures/1: /to is required",
        ),
    ] {
        std::fs::write(&file, format!("[{typhoon}, {wrong}]")).unwrap();
        fails(folder, &["import", "closures", path], told);
    }
    std::fs::write(&file, format!("[{typhoon}, {flood}, {flood}]")).unwrap();
    assert!(succeeds(folder, &["import", "closures", path]).contains("created 2, updated 0, unchanged 1"));
    assert!(succeeds(folder, &["import", "closures", path]).contains("unchanged 3"));
}

#[test]
fn a_backup_is_restored() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let seed = format!("{}/seed/organisation.csv", env!("CARGO_MANIFEST_DIR"));
    succeeds(folder, &["import", "org", &seed]);
    let copy = folder.join("copy.sqlite");
    let copy = copy.to_str().unwrap();
    succeeds(folder, &["backup", copy]);
    fails(folder, &["backup", copy], "exists already");
    std::fs::write(folder.join("junk"), "not a database").unwrap();
    fails(
        folder,
        &[
            "restore",
            folder.join("junk").to_str().unwrap(),
            "--yes-overwrite",
        ],
        "no database",
    );
    fails(folder, &["restore", copy], "--yes-overwrite");
    std::fs::remove_file(folder.join("data.sqlite")).unwrap();
    succeeds(folder, &["restore", copy]);
    assert!(succeeds(folder, &["import", "org", &seed]).contains("unchanged 146"));
}

#[test]
fn mistakes_in_the_configuration_are_told_one_by_one() {
    let folder = tempfile::tempdir().unwrap();
    let output = hotline(folder.path(), &["check"])
        .env("HOTLINE_SERVER__WORKERS", "0")
        .env("HOTLINE_DATABASE__URL", "mysql://x")
        .env("HOTLINE_SECRETS__MASTER_KEY", "c2hvcnQ=")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success());
    for mistake in ["server.workers", "database.url", "secrets.master_key"] {
        assert!(said.contains(mistake), "{said}");
    }
    assert!(!said.contains("c2hvcnQ="), "secrets are not printed");
    let unknown = hotline(folder.path(), &["check"])
        .env("HOTLINE_SERVER__COLOUR", "red")
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("colour"));
}
