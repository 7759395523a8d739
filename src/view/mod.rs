//! The live view: a page on loopback that shows what the tracker sees and says, as it happens.
//!
//! ```text
//! tracker ─publish─▶ newest frame ─encoder thread─▶ newest record ─one thread a client─▶ page
//! ```
//!
//! Each arrow keeps the newest only: [`ViewServer::publish`] never waits, and a slow client misses frames instead of
//! slowing anyone down. While nobody watches, nothing is skinned or compressed.
//!
//! # Protocol
//!
//! HTTP/1.1 on 127.0.0.1, `GET` and `HEAD`, one answer per connection. The server is plain std: one streamed `GET` body carries
//! pictures and vertices one way, for which Server-Sent Events would need base64, a `WebSocket` a crate, and an HTTP framework
//! a runtime. All numbers are little endian.
//!
//! * `/`, `/style.css`, `/*.js`, `/icon.svg`: the page, embedded in the program.
//! * `/mesh.bin`: what never changes of a hand's surface: `u32` vertices n, `u32` triangles m, m × 3 `u32` corners
//!   (counter-clockwise from outside; a left hand's run the other way round), n `u8` opacities (255, less along the forearm, which is not tracked).
//! * `/frames`: records without end, each `u32` length of the header, `u32` length of the body, header, body. A record of
//!   two zeros is a sign of life. The header is JSON; its `kind` is
//!   - `hello`, first: `source`, `model`, `bones` (parent of each keypoint), `colours` (of wrist, thumb, fingers);
//!   - `frame`: numbers and hands; the body is the picture's JPEG (`jpeg_bytes`, 0 if there is none), then for each hand with `mesh` its n × 3 `u16`
//!     vertices: metres in the camera's frame are `min_m + step_m * value`;
//!   - `end`: `summary`, pairs of a name and a value.
//!
//! Only loopback is bound, a foreign `Host` is refused (DNS rebinding), no answer may be read by other origins, and the page
//! loads nothing from elsewhere (`Content-Security-Policy`).

mod client;
mod http;
mod pages;
mod record;
mod server;
mod shared;
mod shown;
mod surface;

pub use server::{ViewError, ViewServer, ViewSetup};
pub use shown::{HandView, Truth, ViewFrame, picture};
