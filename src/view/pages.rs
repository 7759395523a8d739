//! What the browser loads, embedded in the program.

/// The page and all that it loads: path, type, content.
pub(super) const PAGES: [(&str, &str, &str); 9] = [
    ("/", "text/html; charset=utf-8", include_str!("page/index.html")),
    ("/style.css", "text/css; charset=utf-8", include_str!("page/style.css")),
    ("/icon.svg", "image/svg+xml", include_str!("page/icon.svg")),
    ("/view.js", "text/javascript; charset=utf-8", include_str!("page/view.js")),
    ("/stream.js", "text/javascript; charset=utf-8", include_str!("page/stream.js")),
    ("/space.js", "text/javascript; charset=utf-8", include_str!("page/space.js")),
    ("/gl.js", "text/javascript; charset=utf-8", include_str!("page/gl.js")),
    ("/plots.js", "text/javascript; charset=utf-8", include_str!("page/plots.js")),
    ("/blocks.js", "text/javascript; charset=utf-8", include_str!("page/blocks.js")),
];
