//! An S3 server for the faults that a real one will not make when asked: errors first, slow answers, connections cut midway.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How it misbehaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Answers everything with this status, so often, then as it should.
    Status(u16, u32),
    /// Waits so many milliseconds before each answer.
    Slow(u64),
    /// Cuts the body of a GET midway, so often, then sends all that is asked for.
    Cut(u32),
    /// Reads half of a PUT's body and cuts the connection, so often.
    Swallow(u32),
    /// Knows no puts under a condition: 501.
    Unconditional,
}

/// The server: one object, `object`, whose bytes are given; others are not there. Puts are taken and forgotten.
pub struct Stub {
    port: u16,
    /// How many requests came.
    pub requests: Arc<AtomicU32>,
    /// Bodies of puts that came whole.
    pub puts: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Stub {
    /// Starts one.
    pub fn start(manner: Manner, object: Vec<u8>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("its number").port();
        let (requests, puts) = (Arc::new(AtomicU32::new(0)), Arc::new(Mutex::new(Vec::new())));
        let (counted, kept, object) = (requests.clone(), puts.clone(), Arc::new(object));
        let misbehaved = Arc::new(AtomicU32::new(0));
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let (counted, kept, object, misbehaved) = (counted.clone(), kept.clone(), object.clone(), misbehaved.clone());
                std::thread::spawn(move || {
                    let _ = serve(connection, manner, &object, &counted, &kept, &misbehaved);
                });
            }
        });
        Self { port, requests, puts }
    }

    /// Where it answers.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

fn serve(
    connection: TcpStream,
    manner: Manner,
    object: &[u8],
    counted: &AtomicU32,
    kept: &Mutex<Vec<Vec<u8>>>,
    misbehaved: &AtomicU32,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(connection.try_clone()?);
    let mut out = connection;
    loop {
        let mut first = String::new();
        if reader.read_line(&mut first)? == 0 {
            return Ok(());
        }
        let (mut length, mut from, mut condition) = (0, 0, false);
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            let lower = line.to_ascii_lowercase();
            if let Some(value) = lower.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
            if let Some(value) = lower.strip_prefix("range: bytes=") {
                from = value.split('-').next().and_then(|n| n.trim().parse().ok()).unwrap_or(0);
            }
            condition |= lower.starts_with("if-none-match:");
            if line.trim().is_empty() {
                break;
            }
        }
        counted.fetch_add(1, Ordering::SeqCst);
        let again = |most: u32| misbehaved.fetch_add(1, Ordering::SeqCst) < most;
        let get = first.starts_with("GET") || first.starts_with("HEAD");
        if let Manner::Swallow(most) = manner
            && !get
            && again(most)
        {
            let mut half = vec![0; length / 2];
            reader.read_exact(&mut half)?;
            return Ok(());
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        if let Manner::Slow(wait) = manner {
            std::thread::sleep(Duration::from_millis(wait));
        }
        if let Manner::Status(status, most) = manner
            && again(most)
        {
            let xml = "<Error><Code>SlowDown</Code><Message>please \x1b[2Jslow down</Message></Error>";
            write!(out, "HTTP/1.1 {status} X\r\nContent-Length: {}\r\n\r\n{xml}", xml.len())?;
            continue;
        }
        if manner == Manner::Unconditional && condition {
            let xml = "<Error><Code>NotImplemented</Code></Error>";
            write!(out, "HTTP/1.1 501 Not Implemented\r\nContent-Length: {}\r\n\r\n{xml}", xml.len())?;
            continue;
        }
        if !get {
            if first.starts_with("PUT") {
                kept.lock().expect("not poisoned").push(body);
            }
            write!(out, "HTTP/1.1 200 OK\r\nETag: \"e\"\r\nContent-Length: 0\r\n\r\n")?;
            continue;
        }
        if !first.contains("/object ") {
            let xml = "<Error><Code>NoSuchKey</Code></Error>";
            write!(out, "HTTP/1.1 404 Not Found\r\nContent-Length: {}\r\n\r\n{xml}", xml.len())?;
            continue;
        }
        let rest = object.get(from..).unwrap_or_default();
        let status = if from > 0 { "206 Partial Content" } else { "200 OK" };
        let range = if from > 0 { format!("Content-Range: bytes {from}-{}/{}\r\n", object.len() - 1, object.len()) } else { String::new() };
        let head = format!(
            "HTTP/1.1 {status}\r\nETag: \"e\"\r\nLast-Modified: Wed, 25 Nov 2026 00:00:00 GMT\r\n{range}Content-Length: {}\r\n\r\n",
            rest.len()
        );
        out.write_all(head.as_bytes())?;
        if first.starts_with("HEAD") {
            continue;
        }
        if let Manner::Cut(most) = manner
            && again(most)
        {
            out.write_all(&rest[..rest.len() / 2])?;
            return Ok(());
        }
        out.write_all(rest)?;
    }
}
