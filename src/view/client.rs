//! One client of the live view.

use std::io::{self, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::http::{self, Refusal};
use super::pages::PAGES;
use super::record;
use super::shared::{Shared, State};

/// Without anything to send, a sign of life finds out who has gone.
const ALIVE_EVERY: Duration = Duration::from_secs(2);

/// Answers one client's request; frames are sent until the view ends.
pub(super) fn serve(stream: &mut TcpStream, shared: &Shared) -> io::Result<()> {
    let request = match http::read_request(stream, shared.port) {
        None => return Ok(()),
        Some(Err(refusal)) => return http::refuse(stream, refusal),
        Some(Ok(request)) => request,
    };
    let binary = "application/octet-stream";
    if let Some((_, kind, text)) = PAGES.iter().find(|(path, _, _)| *path == request.path) {
        return http::answer(stream, "200 OK", kind, text.as_bytes(), request.head_only);
    }
    match request.path.as_str() {
        "/mesh.bin" => http::answer(stream, "200 OK", binary, &shared.topology, request.head_only),
        "/frames" => {
            stream.write_all(http::head("200 OK", binary, None).as_bytes())?;
            if request.head_only {
                return Ok(());
            }
            shared.lock().watchers += 1;
            shared.changed.notify_all();
            let result = send_records(stream, shared);
            shared.lock().watchers -= 1;
            shared.changed.notify_all();
            result
        }
        _ => http::refuse(stream, Refusal::NotFound),
    }
}

/// Sends the newest record whenever there is one that this client has not had, then the end.
fn send_records(stream: &mut TcpStream, shared: &Shared) -> io::Result<()> {
    stream.write_all(&shared.hello)?;
    let (mut sent, mut ended) = (0, false);
    loop {
        let over = |s: &State| !ended && s.end.is_some() && (s.encoded == s.counts.frames || s.stopping);
        let idle = |s: &mut State| !(s.stopping || s.encoded > sent || over(s));
        let state = shared.wait_while(shared.lock(), ALIVE_EVERY, idle);
        let news = state.record.clone().filter(|_| state.encoded > sent);
        let last = state.end.clone().filter(|_| over(&state));
        let stopping = state.stopping;
        sent = state.encoded;
        drop(state);
        for record in news.iter().chain(&last) {
            stream.write_all(record)?;
        }
        if stopping {
            return Ok(());
        }
        if news.is_none() && last.is_none() {
            stream.write_all(&record::ALIVE)?;
        }
        ended |= last.is_some();
    }
}
