//! An answered press is on the disk: kill -9 can't show that, since the system's cache outlives the process. The system
//! calls do.

use super::bells::{Bell, register};
use super::service::Service;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A tracer of syncs that is attached to a running process.
struct Tracer {
    child: Child,
}

impl Tracer {
    /// None where there is no tracer, or it may not trace here.
    fn attach(pid: u32, out: &Path) -> Option<Self> {
        let child = Command::new("strace")
            .args(["-f", "-qq", "-e", "trace=fdatasync,fsync", "-o"])
            .arg(out)
            .args(["-p", &pid.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let mut tracer = Self { child };
        let begun = Instant::now();
        // It writes its file once it is attached to all threads.
        while begun.elapsed() < Duration::from_secs(5) {
            let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
            let traced = status.lines().find_map(|line| line.strip_prefix("TracerPid:"));
            if traced.is_some_and(|by| by.trim() != "0") {
                std::thread::sleep(Duration::from_millis(200));
                return Some(tracer);
            }
            if tracer.child.try_wait().ok().flatten().is_some() {
                return None;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        None
    }
}

impl Drop for Tracer {
    fn drop(&mut self) {
        // SIGTERM lets it detach; the service goes on.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

fn syncs(out: &Path) -> usize {
    let text = std::fs::read_to_string(out).unwrap_or_default();
    text.lines()
        .filter(|line| line.trim_end().ends_with("= 0"))
        .count()
}

async fn press(bell: &Bell, base: &str, event: &str) {
    let answer = bell.says(&reqwest::Client::new(), base, event, "press").await;
    assert!(answer.is_some(), "{event}");
}

/// One by one each press costs a sync of its own before it is answered; many at once share some.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_press_is_on_the_disk_before_it_is_answered() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("data");
    std::fs::create_dir(&folder).unwrap();
    let service = Service::start(&folder, None, crate::support::start_of_time());
    let bells = register(service.base(), 4).await;
    let out = home.path().join("syncs.txt");
    let Some(tracer) = Tracer::attach(service.id(), &out) else {
        eprintln!("no strace here, or it may not trace: syncs were not counted");
        return;
    };
    for nth in 0..20 {
        let before = syncs(&out);
        press(&bells[nth % 4], service.base(), &format!("one-{nth}")).await;
        assert!(
            syncs(&out) > before,
            "press {nth} was answered before it was on the disk"
        );
    }
    let before = syncs(&out);
    let many = (0..64).map(|nth| {
        let (bell, base) = (&bells[nth % 4], service.base());
        async move { press(bell, base, &format!("many-{nth}")).await }
    });
    futures_util::future::join_all(many).await;
    assert!(syncs(&out) > before, "none of many was on the disk");
    drop(tracer);
    service.kill();
}
