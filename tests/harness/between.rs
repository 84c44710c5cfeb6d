//! Between a client and a real server on this machine: what a test does with each request before it goes on, and with its answer.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;

/// A proxy for plain HTTP, one request a connection.
pub struct Between {
    port: u16,
}

impl Between {
    /// Starts one before the server at `port`. `look` sees the first line of each request before it goes on, and says whether the last byte
    /// of its answer is to be flipped.
    pub fn start(port: u16, look: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let own = listener.local_addr().expect("its number").port();
        let look = Arc::new(look);
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let look = look.clone();
                std::thread::spawn(move || pass(connection, port, look.as_ref()).is_ok());
            }
        });
        Self { port: own }
    }

    /// Where it answers.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

fn pass(mut client: TcpStream, port: u16, look: &(impl Fn(&str) -> bool + ?Sized)) -> std::io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let (mut head, mut length) = (String::new(), 0);
    while !head.ends_with("\r\n\r\n") {
        let begin = head.len();
        if reader.read_line(&mut head)? == 0 {
            return Ok(());
        }
        if let Some(value) = head[begin..].to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let flip = look(head.lines().next().unwrap_or_default());
    let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    write!(server, "{}\r\nConnection: close\r\n\r\n", head.trim_end())?;
    server.write_all(&body)?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer)?;
    if let (true, Some(last)) = (flip, answer.last_mut()) {
        *last ^= 1;
    }
    client.write_all(&answer)
}
