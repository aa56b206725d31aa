//! A real broker, Debian's mosquitto, on a free port.

use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A broker that ends with the test.
pub struct Broker {
    pub port: u16,
    process: Child,
    _folder: TempDir,
}

fn program() -> Option<PathBuf> {
    let places = [
        "/usr/sbin/mosquitto",
        "/usr/bin/mosquitto",
        "/usr/local/sbin/mosquitto",
    ];
    places.iter().map(PathBuf::from).find(|path| path.exists())
}

impl Broker {
    /// Starts one; none where the program is missing and nobody asked for all tests.
    pub fn start() -> Option<Self> {
        let Some(program) = program() else {
            assert!(
                std::env::var_os("TEST_DATABASE_URL").is_none(),
                "mosquitto is missing: scripts/deps.sh installs it"
            );
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        // Below 32768, where no outgoing connection takes it between here and there; each test another one.
        static NEXT: AtomicU16 = AtomicU16::new(0);
        let first = u16::try_from(std::process::id() % 3_000).unwrap();
        let port = std::iter::repeat_with(|| 24_000 + (first + NEXT.fetch_add(1, Ordering::SeqCst)) % 8_000)
            .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
            .unwrap();
        let config = folder.path().join("mosquitto.conf");
        let text =
            format!("listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\nlog_type error\n");
        std::fs::write(&config, text).unwrap();
        let process = Command::new(program)
            .arg("-c")
            .arg(&config)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let broker = Self {
            port,
            process,
            _folder: folder,
        };
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(
                begun.elapsed() < Duration::from_secs(10),
                "the broker does not start"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(broker)
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
