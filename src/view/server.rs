//! The server behind the page: one thread accepts, one encodes, and each client has its own.

use std::io;
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::client::serve;
use super::http::{self, Refusal};
use super::record;
use super::shared::Shared;
use super::shown::ViewFrame;
use super::surface::HandSurface;
use crate::rig::Rig;

/// Port where none is asked for; the next free one if it is taken.
const DEFAULT_PORT: u16 = 7021;
/// Ports tried then.
const PORTS_TRIED: u16 = 20;
/// Connections at a time.
const MOST_CLIENTS: usize = 32;
/// A client that takes nothing for so long is let go.
const WRITE_TIME: Duration = Duration::from_secs(10);
/// Time that clients have for the last records when the server stops.
const FAREWELL: Duration = Duration::from_millis(500);

/// Why the live view could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    /// The port that was asked for cannot be had.
    #[error("opening the live view failed: port {port} of 127.0.0.1 cannot be used: {source}\nhint: {hint}")]
    Port {
        /// As given.
        port: u16,
        /// What may help.
        hint: &'static str,
        /// From the system.
        source: io::Error,
    },
    /// None of the usual ports is free.
    #[error(
        "opening the live view failed: ports {first} to {last} of 127.0.0.1 are all taken\nhint: name a free one, or 0 to be given one"
    )]
    NoPort {
        /// First port tried.
        first: u16,
        /// Last port tried.
        last: u16,
    },
    /// The system gives no thread or no address.
    #[error("opening the live view failed: {0}")]
    System(#[from] io::Error),
}

/// What the page says of the whole run.
#[derive(Debug, Clone)]
pub struct ViewSetup {
    /// What is tracked, such as a folder's name.
    pub source: String,
    /// Name of the model.
    pub model: String,
    /// The rig that is fitted; its coarse version is drawn.
    pub rig: Arc<Rig>,
}

/// Serves the live view until it is dropped.
pub struct ViewServer {
    port: u16,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
    encoding: Option<JoinHandle<()>>,
}

impl ViewServer {
    /// Open the page on a port of 127.0.0.1: the given one (0: any free one), else the first free one from 7021 on.
    ///
    /// # Errors
    ///
    /// [`ViewError`].
    pub fn start(port: Option<u16>, setup: &ViewSetup) -> Result<Self, ViewError> {
        let listener = listen(port)?;
        let port = listener.local_addr()?.port();
        let surface = HandSurface::new(&setup.rig);
        let shared = Arc::new(Shared {
            port,
            started: Instant::now(),
            hello: record::hello(&setup.source, &setup.model),
            topology: surface.topology(),
            surface,
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let mut server = Self { port, shared, accepting: None, encoding: None };
        let shared = Arc::clone(&server.shared);
        server.encoding = Some(thread::Builder::new().name("view encoder".into()).spawn(move || encode(&shared))?);
        let shared = Arc::clone(&server.shared);
        server.accepting = Some(thread::Builder::new().name("view".into()).spawn(move || accept(&listener, &shared))?);
        Ok(server)
    }

    /// Address of the page.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// True while someone has the page open.
    pub fn is_watched(&self) -> bool {
        self.shared.lock().watchers > 0
    }

    /// Show a frame. Never waits: who is slow sees the newest frame next, and misses those in between.
    pub fn publish(&self, frame: ViewFrame) {
        let mut state = self.shared.lock();
        state.counts.frames += 1;
        state.counts.lost += u64::from(frame.lost);
        state.counts.clock_s = self.shared.started.elapsed().as_secs_f64();
        let old = state.frame.replace(Arc::new(frame));
        drop(state);
        drop(old);
        self.shared.changed.notify_all();
    }

    /// Say that the run is over, with names and values that sum it up. The page and its last frame stay until drop.
    pub fn finish(&self, summary: &[(String, String)]) {
        self.shared.lock().end = Some(Arc::new(record::end(summary)));
        self.shared.changed.notify_all();
    }
}

impl Drop for ViewServer {
    fn drop(&mut self) {
        self.shared.lock().stopping = true;
        self.shared.changed.notify_all();
        // wakes the thread that waits for a client; if that fails it is not waiting
        TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).ok();
        for thread in [self.accepting.take(), self.encoding.take()].into_iter().flatten() {
            // a thread that panicked has nothing left to stop
            thread.join().ok();
        }
    }
}

fn listen(port: Option<u16>) -> Result<TcpListener, ViewError> {
    let bind = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    if let Some(port) = port {
        return bind(port).map_err(|source| {
            let hint = match source.kind() {
                io::ErrorKind::AddrInUse => "another program has it; name another port, or none to be given a free one",
                io::ErrorKind::PermissionDenied => "ports below 1024 need rights; name a higher one",
                _ => "name another port, or none to be given a free one",
            };
            ViewError::Port { port, hint, source }
        });
    }
    for port in DEFAULT_PORT..DEFAULT_PORT + PORTS_TRIED {
        match bind(port) {
            Err(e) if e.kind() == io::ErrorKind::AddrInUse => {}
            found => return found.map_err(ViewError::System),
        }
    }
    Err(ViewError::NoPort { first: DEFAULT_PORT, last: DEFAULT_PORT + PORTS_TRIED - 1 })
}

/// Turns the newest frame into a record, as long as someone watches.
fn encode(shared: &Shared) {
    let mut state = shared.lock();
    loop {
        while !state.stopping && (state.watchers == 0 || state.encoded == state.counts.frames) {
            state = shared.wait(state);
        }
        let (Some(frame), false) = (state.frame.clone(), state.stopping) else { return };
        let counts = state.counts;
        drop(state);
        let record = Arc::new(record::frame(&frame, counts, &shared.surface));
        state = shared.lock();
        state.record = Some(record);
        state.encoded = counts.frames;
        shared.changed.notify_all();
    }
}

/// Gives each client a thread, until the server stops; then sees them off.
fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    let mut clients: Vec<(TcpStream, JoinHandle<()>)> = Vec::new();
    for stream in listener.incoming() {
        clients.retain(|(_, thread)| !thread.is_finished());
        if shared.lock().stopping {
            break;
        }
        let opened = stream.and_then(|stream| open(stream, clients.len(), shared));
        match opened {
            Ok(client) => clients.extend(client),
            // out of file handles or threads: others may be given back soon
            Err(_) => thread::sleep(Duration::from_millis(20)),
        }
    }
    drop(shared.wait_while(shared.lock(), FAREWELL, |s| s.watchers > 0));
    for (stream, thread) in clients {
        // who is gone already cannot be shut out, and who panicked cannot be waited for
        stream.shutdown(Shutdown::Both).ok();
        thread.join().ok();
    }
}

/// A thread for a client; `None` if there are too many.
fn open(
    mut stream: TcpStream,
    clients: usize,
    shared: &Arc<Shared>,
) -> io::Result<Option<(TcpStream, JoinHandle<()>)>> {
    stream.set_write_timeout(Some(WRITE_TIME))?;
    stream.set_nodelay(true)?;
    if clients >= MOST_CLIENTS {
        let status = Refusal::TooMany.status();
        return http::answer(&mut stream, status, "text/plain", b"", true).map(|()| None);
    }
    let handle = stream.try_clone()?;
    let shared = Arc::clone(shared);
    let thread = thread::Builder::new().name("view client".into()).spawn(move || {
        // errors mean that the client went away; the other handle would keep the connection open
        serve(&mut stream, &shared).ok();
        stream.shutdown(Shutdown::Both).ok();
    })?;
    Ok(Some((handle, thread)))
}
