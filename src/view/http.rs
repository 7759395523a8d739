//! As much HTTP as a page on loopback needs: one request per connection, in; a status and a body, out.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// Longest request that is read, bytes.
const MOST_HEAD_BYTES: usize = 8192;
/// Time within which a request must be whole, however slowly it trickles.
const HEAD_TIME: Duration = Duration::from_secs(5);

/// What a client asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Request {
    /// True for `HEAD`: the same answer without its body.
    pub(super) head_only: bool,
    /// From the first slash, without the query.
    pub(super) path: String,
}

/// Why a request is not answered with what it asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    Malformed,
    NotFound,
    Method,
    TooSlow,
    ForeignHost,
    TooLarge,
    TooMany,
}

impl Refusal {
    pub(super) fn status(self) -> &'static str {
        match self {
            Self::Malformed => "400 Bad Request",
            Self::NotFound => "404 Not Found",
            Self::Method => "405 Method Not Allowed",
            Self::TooSlow => "408 Request Timeout",
            Self::ForeignHost => "421 Misdirected Request",
            Self::TooLarge => "431 Request Header Fields Too Large",
            Self::TooMany => "503 Service Unavailable",
        }
    }
}

/// Read the head of a request; `None` if the client went away.
pub(super) fn read_request(stream: &mut TcpStream, port: u16) -> Option<Result<Request, Refusal>> {
    let deadline = Instant::now() + HEAD_TIME;
    let mut head = Vec::new();
    let mut part = [0; 2048];
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Some(Err(Refusal::TooSlow));
        }
        stream.set_read_timeout(Some(left)).ok()?;
        match stream.read(&mut part) {
            Ok(0) => return None,
            Ok(count) => head.extend_from_slice(&part[..count]),
            Err(e) if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => continue,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return None,
        }
        if let Some(end) = head.windows(4).position(|w| w == b"\r\n\r\n") {
            return Some(if end > MOST_HEAD_BYTES { Err(Refusal::TooLarge) } else { parse(&head[..end], port) });
        }
        if head.len() > MOST_HEAD_BYTES {
            return Some(Err(Refusal::TooLarge));
        }
    }
}

/// The request in a head without its last empty line.
fn parse(head: &[u8], port: u16) -> Result<Request, Refusal> {
    let text = std::str::from_utf8(head).map_err(|_| Refusal::Malformed)?;
    let mut lines = text.split("\r\n");
    let words: Vec<&str> = lines.next().unwrap_or_default().split(' ').collect();
    let [method, target, "HTTP/1.1" | "HTTP/1.0"] = words[..] else { return Err(Refusal::Malformed) };
    let fields = lines.map(|line| line.split_once(':').ok_or(Refusal::Malformed)).collect::<Result<Vec<_>, _>>()?;
    let mut hosts = fields.iter().filter(|(name, _)| name.eq_ignore_ascii_case("host"));
    let (Some((_, host)), None) = (hosts.next(), hosts.next()) else { return Err(Refusal::Malformed) };
    let ours = ["127.0.0.1", "localhost"].map(|name| format!("{name}:{port}"));
    if !ours.iter().any(|name| name.eq_ignore_ascii_case(host.trim())) {
        return Err(Refusal::ForeignHost);
    }
    let head_only = match method {
        "GET" => false,
        "HEAD" => true,
        _ => return Err(Refusal::Method),
    };
    let path = target.split('?').next().filter(|path| path.starts_with('/')).ok_or(Refusal::Malformed)?;
    Ok(Request { head_only, path: path.to_owned() })
}

/// Status line and header of an answer; without a length the body ends with the connection.
pub(super) fn head(status: &str, content_type: &str, length: Option<usize>) -> String {
    let length = length.map(|n| format!("Content-Length: {n}\r\n")).unwrap_or_default();
    let allow = if status.starts_with("405") { "Allow: GET, HEAD\r\n" } else { "" };
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\n{length}{allow}Connection: close\r\nCache-Control: no-store\r\n\
         X-Content-Type-Options: nosniff\r\nCross-Origin-Resource-Policy: same-origin\r\nReferrer-Policy: no-referrer\r\n\
         Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; \
         connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n\r\n"
    )
}

/// A whole answer.
pub(super) fn answer(
    stream: &mut TcpStream,
    status: &str,
    content_type: &str,
    body: &[u8],
    head_only: bool,
) -> io::Result<()> {
    stream.write_all(head(status, content_type, Some(body.len())).as_bytes())?;
    if head_only { Ok(()) } else { stream.write_all(body) }
}

/// Says no, and reads on a little so that the client sees the answer before the connection goes.
pub(super) fn refuse(stream: &mut TcpStream, refusal: Refusal) -> io::Result<()> {
    answer(stream, refusal.status(), "text/plain; charset=utf-8", format!("{}\n", refusal.status()).as_bytes(), false)?;
    stream.shutdown(std::net::Shutdown::Write)?;
    stream.set_read_timeout(Some(Duration::from_millis(100)))?;
    let mut rest = [0; 4096];
    for _ in 0..16 {
        if stream.read(&mut rest)? == 0 {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(head: &str) -> Result<String, Refusal> {
        parse(head.as_bytes(), 7021).map(|r| r.path)
    }

    #[test]
    fn requests_of_our_own_page_are_understood() {
        assert_eq!(parsed("GET / HTTP/1.1\r\nHost: 127.0.0.1:7021"), Ok("/".into()));
        assert_eq!(parsed("GET /view.js?x=/.. HTTP/1.1\r\nhOST:LocalHost:7021\r\nA: b"), Ok("/view.js".into()));
        assert!(parse(b"HEAD / HTTP/1.0\r\nHost: localhost:7021", 7021).unwrap().head_only);
    }

    #[test]
    fn everything_else_is_refused() {
        let host = "Host: 127.0.0.1:7021";
        for (head, refusal) in [
            (format!("POST / HTTP/1.1\r\n{host}"), Refusal::Method),
            (format!("get / HTTP/1.1\r\n{host}"), Refusal::Method),
            ("GET / HTTP/1.1".into(), Refusal::Malformed),
            (format!("GET / HTTP/1.1\r\n{host}\r\n{host}"), Refusal::Malformed),
            ("GET / HTTP/1.1\r\nHost: evil.example:7021".into(), Refusal::ForeignHost),
            ("GET / HTTP/1.1\r\nHost: 127.0.0.1:80".into(), Refusal::ForeignHost),
            ("GET / HTTP/1.1\r\nHost: 127.0.0.1".into(), Refusal::ForeignHost),
            (format!("GET http://127.0.0.1/ HTTP/1.1\r\n{host}"), Refusal::Malformed),
            (format!("GET / HTTP/2\r\n{host}"), Refusal::Malformed),
            (format!("GET /\r\n{host}"), Refusal::Malformed),
            (format!("GET / HTTP/1.1\r\n{host}\r\nno colon"), Refusal::Malformed),
            (String::new(), Refusal::Malformed),
        ] {
            assert_eq!(parsed(&head), Err(refusal), "{head:?}");
        }
        assert_eq!(parse(&[b'G', 0xff], 7021), Err(Refusal::Malformed));
    }
}
