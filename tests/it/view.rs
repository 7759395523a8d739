//! The live view's server over real sockets: protocol, several clients, slow clients, wrong requests.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use glam::{Quat, Vec3};
use serde_json::Value;

use handloom::assets::Assets;
use handloom::camera::{Camera, Intrinsics, Lens};
use handloom::frame::Plane;
use handloom::math::{RigidTransform, mirror_x};
use handloom::posed::skin_of_right_hand_m;
use handloom::rig::{HandPose, HandShape, HandSide, LANDMARK_COUNT, Rig};
use handloom::tracker::{HandEstimate, HandFit, StageTimes};
use handloom::view::{HandView, ViewError, ViewFrame, ViewServer, ViewSetup};

fn rig() -> Arc<Rig> {
    static RIG: OnceLock<Arc<Rig>> = OnceLock::new();
    Arc::clone(RIG.get_or_init(|| Assets::new().unwrap().open_rig("adult").unwrap()))
}

fn server() -> ViewServer {
    let setup = ViewSetup { source: "a \"source\"".into(), model: "hand.onnx".into(), rig: rig() };
    ViewServer::start(Some(0), &setup).unwrap()
}

fn port(server: &ViewServer) -> u16 {
    server.url().trim_start_matches("http://127.0.0.1:").trim_end_matches('/').parse().unwrap()
}

/// Sends bytes, reads all that comes back.
fn talk(port: u16, request: &str) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let end = bytes.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
    (String::from_utf8(bytes[..end].to_vec()).unwrap(), bytes[end + 4..].to_vec())
}

fn get(port: u16, path: &str) -> (String, Vec<u8>) {
    talk(port, &format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n"))
}

fn fit(side: HandSide) -> HandFit {
    let x = if side == HandSide::Left { -0.1 } else { 0.1 };
    HandFit {
        camera_from_hand: RigidTransform::new(Quat::from_rotation_x(0.4), Vec3::new(x, 0.0, 0.5)),
        pose: HandPose([0.1; 26]),
        shape: HandShape::default(),
        keypoints_camera_m: [Vec3::new(x, 0.0, 0.5); LANDMARK_COUNT],
        residual_m: 0.001,
    }
}

fn hand(side: HandSide) -> HandView {
    let mut keypoints_camera_m = [Some(Vec3::Z); LANDMARK_COUNT];
    keypoints_camera_m[3] = None;
    keypoints_camera_m[4] = Some(Vec3::new(f32::NAN, 0.0, 1.0));
    let estimate = HandEstimate {
        track: 7,
        side,
        side_confidence: 0.9,
        confidence: 0.8,
        box_px: [1.0, 2.0, 30.0, 40.0],
        keypoints_px: [None; LANDMARK_COUNT],
        keypoints_camera_m,
        keypoint_confidence: [0.5; LANDMARK_COUNT],
        metric: true,
        fit: Some(fit(side)),
    };
    HandView { estimate, truth: None }
}

fn frame(number: u64, hands: Vec<HandView>) -> ViewFrame {
    ViewFrame {
        number,
        time_s: number as f64 / 60.0,
        camera: Camera {
            intrinsics: Intrinsics { width: 64, height: 48, fx: 50.0, fy: 50.0, cx: 32.0, cy: 24.0 },
            lens: Lens::Pinhole,
            camera_from_world: RigidTransform::IDENTITY,
        },
        picture: Some(Plane::filled(64, 48, [200, 40, 40])),
        hands,
        error_mm: None,
        stages: StageTimes { network: 4.5, ..StageTimes::default() },
        lost: number == 3,
    }
}

/// A client of the stream.
struct Watcher(TcpStream);

impl Watcher {
    fn new(port: u16) -> Self {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        write!(stream, "GET /frames HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n").unwrap();
        let (mut head, mut byte) = (Vec::new(), [0]);
        while !head.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        assert!(head.starts_with(b"HTTP/1.1 200 OK\r\n"));
        Self(stream)
    }

    /// The next record that is no sign of life; `None` at the end.
    fn next(&mut self) -> Option<(Value, Vec<u8>)> {
        loop {
            let mut lengths = [0; 8];
            self.0.read_exact(&mut lengths).ok()?;
            let length = |at: usize| u32::from_le_bytes(lengths[at..at + 4].try_into().unwrap()) as usize;
            let (mut header, mut body) = (vec![0; length(0)], vec![0; length(4)]);
            self.0.read_exact(&mut header).ok()?;
            self.0.read_exact(&mut body).ok()?;
            if !header.is_empty() {
                return Some((serde_json::from_slice(&header).unwrap(), body));
            }
        }
    }

    /// Goes on to a frame.
    fn frame(&mut self, number: u64) -> (Value, Vec<u8>) {
        loop {
            let (header, body) = self.next().unwrap();
            if header["kind"] == "frame" && header["number"].as_u64() >= Some(number) {
                return (header, body);
            }
        }
    }
}

#[test]
fn the_page_and_its_parts_are_served_with_their_headers() {
    let server = server();
    let port = port(&server);
    let (head, html) = get(port, "/");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert!(head.contains("Content-Security-Policy: default-src 'none'"), "{head}");
    assert!(!head.contains("Access-Control"), "{head}");
    let html = String::from_utf8(html).unwrap();
    assert!(!html.contains("http:") && !html.contains("https:"), "the page loads from elsewhere");
    // whatever the page and its scripts name is served
    let mut named = vec!["/mesh.bin".to_owned()];
    for path in ["/", "/view.js", "/space.js", "/style.css"] {
        let text = String::from_utf8(get(port, path).1).unwrap();
        let loaded = |s: &&str| matches!(s.rsplit_once('.'), Some((_, "js" | "css" | "svg")));
        let quoted = text.split(['"', '\'']).filter(loaded);
        named.extend(quoted.map(|s| s.replace("./", "/")));
    }
    assert!(named.len() > 8, "{named:?}");
    for path in named {
        let (head, body) = get(port, &path);
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && !body.is_empty(), "{path}: {head}");
        assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())), "{path}: {head}");
        let (only, none) = talk(port, &format!("HEAD {path} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n"));
        assert_eq!((only, none.len()), (head, 0), "{path}");
    }
}

#[test]
fn wrong_requests_are_refused() {
    let server = server();
    let port = port(&server);
    let host = format!("Host: 127.0.0.1:{port}");
    for (request, status) in [
        (format!("GET /nothing HTTP/1.1\r\n{host}\r\n\r\n"), "404"),
        (format!("GET /../Cargo.toml HTTP/1.1\r\n{host}\r\n\r\n"), "404"),
        (format!("GET /%2e%2e/Cargo.toml HTTP/1.1\r\n{host}\r\n\r\n"), "404"),
        (format!("POST / HTTP/1.1\r\n{host}\r\nContent-Length: 2\r\n\r\nhi"), "405"),
        (format!("GET / HTTP/1.1\r\nHost: evil.example:{port}\r\n\r\n"), "421"),
        ("GET / HTTP/1.1\r\n\r\n".to_owned(), "400"),
        ("rubbish\r\n\r\n".to_owned(), "400"),
        (format!("GET / HTTP/1.1\r\n{host}\r\nA: {}\r\n\r\n", "b".repeat(20_000)), "431"),
    ] {
        let (head, _) = talk(port, &request);
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{request:.60}: {head}");
        assert!(status != "405" || head.contains("\r\nAllow: GET, HEAD"), "{head}");
    }
    // a client that says half a word and goes does no harm
    let mut half = TcpStream::connect(("127.0.0.1", port)).unwrap();
    half.write_all(b"GET /").unwrap();
    half.shutdown(Shutdown::Both).unwrap();
    assert!(get(port, "/").0.starts_with("HTTP/1.1 200"));
}

#[test]
fn every_client_sees_frames_and_the_end() {
    let server = server();
    let port = port(&server);
    assert!(!server.is_watched());
    let mut watchers = [Watcher::new(port), Watcher::new(port), Watcher::new(port)];
    for watcher in &mut watchers {
        let (hello, _) = watcher.next().unwrap();
        assert_eq!((&hello["kind"], &hello["source"]), (&"hello".into(), &"a \"source\"".into()));
        assert_eq!(hello["bones"].as_array().unwrap().len(), LANDMARK_COUNT);
    }
    assert!(server.is_watched());
    for number in 0..5 {
        server.publish(frame(number, vec![]));
    }
    for watcher in &mut watchers {
        let (header, body) = watcher.frame(4);
        assert_eq!(header["counts"]["frames"], 5);
        assert_eq!(header["counts"]["lost"], 1);
        assert_eq!(header["stages_ms"]["network"], 4.5);
        assert!(header["error_mm"].is_null());
        assert_eq!(header["jpeg_bytes"], body.len());
        assert_eq!(body[..2], [0xff, 0xd8]);
    }
    server.finish(&[("mean".into(), "4.2 mm".into())]);
    // who comes late sees the last frame and the end too
    let mut late = Watcher::new(port);
    late.frame(4);
    for watcher in watchers.iter_mut().chain([&mut late]) {
        let (end, _) = watcher.next().unwrap();
        assert_eq!(end["summary"], serde_json::json!([["mean", "4.2 mm"]]));
    }
    drop(server);
    assert!(watchers.iter_mut().all(|watcher| watcher.next().is_none()));
}

#[test]
fn vertices_are_those_of_the_posed_rig() {
    let server = server();
    let port = port(&server);
    let mesh = get(port, "/mesh.bin").1;
    let word = |at: usize| u32::from_le_bytes(mesh[at..at + 4].try_into().unwrap()) as usize;
    let (vertices, triangles) = (word(0), word(4));
    assert_eq!(mesh.len(), 8 + triangles * 12 + vertices);
    assert!((5000..9000).contains(&triangles), "{triangles}");
    let corners: Vec<usize> = (0..triangles * 3).map(|k| word(8 + 4 * k)).collect();
    assert!(corners.iter().all(|c| *c < vertices));

    let mut watcher = Watcher::new(port);
    server.publish(frame(0, vec![hand(HandSide::Right), hand(HandSide::Left)]));
    let (header, body) = watcher.frame(0);
    let mut at = header["jpeg_bytes"].as_u64().unwrap() as usize;
    for (k, side) in [HandSide::Right, HandSide::Left].into_iter().enumerate() {
        let fit = fit(side);
        let mirrored = |p| if side == HandSide::Left { mirror_x(p) } else { p };
        let skin: Vec<Vec3> = skin_of_right_hand_m(&rig().coarser(), &fit.shape, &fit.pose)
            .into_iter()
            .map(|p| fit.camera_from_hand.point(mirrored(p)))
            .collect();
        let numbers = |name: &str| -> Vec<f32> {
            let values = header["hands"][k]["mesh"][name].as_array().unwrap();
            values.iter().map(|v| v.as_f64().unwrap() as f32).collect()
        };
        let (min, step) = (numbers("min_m"), numbers("step_m"));
        let points: Vec<Vec3> = body[at..at + vertices * 6]
            .chunks_exact(6)
            .map(|p| {
                Vec3::from_array(
                    [0, 1, 2].map(|i| min[i] + step[i] * f32::from(u16::from_le_bytes([p[2 * i], p[2 * i + 1]]))),
                )
            })
            .collect();
        for p in points.iter().step_by(97) {
            let off = skin.iter().map(|s| s.distance(*p)).fold(f32::INFINITY, f32::min);
            assert!(off < 2e-5, "{side:?}: a vertex lies {off} m off the skin");
        }
        // outward triangles enclose a positive volume; a left hand's are wound the other way
        let volume: f32 = corners
            .chunks_exact(3)
            .map(|c| {
                (points[c[0]] - points[c[1]]).dot(
                    (points[c[1]] - fit.camera_from_hand.translation_m)
                        .cross(points[c[2]] - fit.camera_from_hand.translation_m),
                )
            })
            .sum();
        assert_eq!(volume > 0.0, side == HandSide::Right, "{volume}");
        at += vertices * 6;
    }
    assert_eq!(at, body.len());
    let points = &header["hands"][0]["m"];
    assert!(points[3].is_null() && points[4].is_null() && points[5].is_array(), "{points}");
}

#[test]
fn a_client_that_reads_nothing_holds_nobody_up() {
    let server = server();
    let port = port(&server);
    let stuck = Watcher::new(port);
    let mut quick = Watcher::new(port);
    // more than any socket buffer holds
    for number in 0..400 {
        let picture = Plane {
            width: 256,
            height: 256,
            data: (0..65_536u32).map(|k| (k * (number + 7)).to_le_bytes()).map(|[a, b, c, _]| [a, b, c]).collect(),
        };
        server.publish(ViewFrame { picture: Some(picture), ..frame(u64::from(number), vec![]) });
        if number % 5 == 0 {
            quick.frame(u64::from(number));
        }
    }
    assert_eq!(quick.frame(399).0["counts"]["frames"], 400);
    drop(stuck);
    drop(server);
}

#[test]
fn frames_that_make_no_sense_are_still_shown() {
    let server = server();
    let mut watcher = Watcher::new(port(&server));
    let mut broken = hand(HandSide::Right);
    let mut bad = fit(HandSide::Right);
    bad.pose.0[4] = f32::NAN;
    bad.keypoints_camera_m[2] = Vec3::splat(f32::INFINITY);
    broken.estimate.fit = Some(bad);
    broken.estimate.box_px = [f32::NAN; 4];
    let mut alien = hand(HandSide::Left);
    alien.estimate.fit = Some(HandFit { shape: HandShape(vec![0.0; 1000]), ..fit(HandSide::Left) });
    let picture = Some(Plane { width: 10, height: 10, data: vec![[0; 3]; 3] });
    let sent = ViewFrame { picture, error_mm: Some(f32::NAN), time_s: f64::NAN, ..frame(0, vec![broken, alien]) };
    server.publish(sent);
    let (header, body) = watcher.frame(0);
    assert!(body.is_empty());
    assert!(header["hands"][0]["mesh"].is_null() && header["hands"][1]["mesh"].is_null());
    assert!(header["hands"][0]["fit_m"][2].is_null() && header["error_mm"].is_null());
}

#[test]
fn a_taken_port_is_an_error_that_says_so_and_without_one_the_next_is_found() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let number = taken.local_addr().unwrap().port();
    let setup = ViewSetup { source: String::new(), model: String::new(), rig: rig() };
    let error = ViewServer::start(Some(number), &setup).err().unwrap();
    assert!(matches!(error, ViewError::Port { port, .. } if port == number));
    let words = error.to_string();
    assert!(words.contains(&number.to_string()) && words.contains("\nhint: another program has it"), "{words}");
    let (one, two) = (ViewServer::start(None, &setup).unwrap(), ViewServer::start(None, &setup).unwrap());
    assert_ne!(one.url(), two.url());
    // a dropped server's port is free again
    let number = port(&one);
    drop(one);
    drop(ViewServer::start(Some(number), &setup).unwrap());
}
