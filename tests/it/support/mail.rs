//! A mail server of nobody.

use std::sync::{Arc, Mutex};

/// A mail server that takes everything and keeps what it got.
pub async fn mail_server() -> (u16, Arc<Mutex<Vec<String>>>) {
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let got: Arc<Mutex<Vec<String>>> = Arc::default();
    let keep = Arc::clone(&got);
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let keep = Arc::clone(&keep);
            tokio::spawn(async move {
                let (read, mut write) = socket.into_split();
                let mut lines = BufReader::new(read).lines();
                let (mut data, mut message) = (false, String::new());
                write.write_all(b"220 test\r\n").await.unwrap();
                while let Ok(Some(line)) = lines.next_line().await {
                    let answer: &[u8] = match line.as_str() {
                        "." if data => {
                            data = false;
                            keep.lock().unwrap().push(std::mem::take(&mut message));
                            b"250 taken\r\n"
                        }
                        text if data => {
                            message.push_str(text);
                            message.push('\n');
                            continue;
                        }
                        "DATA" => {
                            data = true;
                            b"354 go on\r\n"
                        }
                        "QUIT" => b"221 bye\r\n",
                        text => {
                            message.push_str(text);
                            message.push('\n');
                            b"250 ok\r\n"
                        }
                    };
                    if write.write_all(answer).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    (port, got)
}
