// Scars and tattoos; pair of `cpu/decal.rs`.

struct Marked {
    ink: f32,
    scar: f32,
    // change of height along the two edges, metres
    rise_m: vec2f,
}

fn marks(skin: u32, here: Place, footprint_m: f32) -> Marked {
    var marked = Marked(0.0, 0.0, vec2f(0.0));
    if skins[skin].tattoo != 0u {
        let centre = skins[skin].tattoo_centre;
        let along = skins[skin].tattoo_along;
        let d = here.bind - centre.xyz;
        let q = vec2f(dot(d, along.xyz), dot(d, skins[skin].tattoo_across.xyz));
        if is_near_plane(d, skins[skin].tattoo_normal.xyz) && length(q) < centre.w {
            let gap = tattoo(skins[skin].tattoo, q / centre.w) * centre.w;
            marked.ink = along.w * saturate(0.5 - gap / max(footprint_m, 2.5e-4));
        }
    }
    if skins[skin].has_scar != 0u {
        let centre = skins[skin].scar_centre;
        let along = skins[skin].scar_along;
        let across = skins[skin].scar_across;
        let d = here.bind - centre.xyz;
        let q = vec2f(dot(d, along.xyz), dot(d, across.xyz));
        let t = q.x / centre.w;
        // a slight wave, thin ends
        let taper = positive(1.0 - t * t);
        let off = q.y - 0.05 * centre.w * sin(5.0 * t);
        let width = max(max(0.5e-3 * along.w, 1e-5), 0.5 * footprint_m);
        let x = off / width;
        if is_near_plane(d, skins[skin].scar_normal.xyz) && abs(x) < 3.0 && taper > 0.0 {
            let bell = exp(-x * x) * sqrt(taper);
            marked.scar = bell * min(0.5e-3 * along.w / width, 1.0);
            let slope = across.w * 1e-3 * -2.0 * x / width * bell;
            marked.rise_m = slope * vec2f(dot(here.bind_b, across.xyz), dot(here.bind_c, across.xyz));
        }
    }
    return marked;
}

fn is_near_plane(d: vec3f, normal: vec3f) -> bool {
    return abs(dot(d, normal)) < MARK_DEPTH_M + 0.25 * length(d);
}

// Signed distance to the ink of a pattern in the unit disc, negative inside.
fn tattoo(pattern: u32, q: vec2f) -> f32 {
    let radius = length(q);
    switch pattern {
        case TATTOO_BANDS: {
            let dots = length(vec2f(q.x + 0.02, (fract(q.y * 4.0) - 0.5) / 4.0)) - 0.06;
            let wide = min(band(q.x, -0.35, 0.10), band(q.x, 0.35, 0.10));
            return min(min(wide, min(band(q.x, 0.19, 0.025), band(q.x, -0.19, 0.025))), dots);
        }
        case TATTOO_MANDALA: {
            let rings = min(min(abs(radius - 0.28), abs(radius - 0.62)), abs(radius - 0.94)) - 0.018;
            let petals = abs(abs(radius - 0.45) + abs(wedge(q, 8.0)) * 0.55 * radius - 0.14) - 0.018;
            let outer = abs(abs(radius - 0.78) + abs(wedge(q, 16.0)) * radius * 0.9 - 0.10) - 0.015;
            return min(min(rings, petals), min(outer, radius - 0.10));
        }
        case TATTOO_BLADES: {
            let side = abs(q.y);
            let sweep = 0.42 * (1.0 - q.x * q.x) * (0.55 + 0.45 * cos(7.0 * q.x + 2.0 * side));
            let hollow = abs(side - 0.16 - 0.10 * sin(5.0 * q.x)) - 0.035;
            return max(max(side - sweep, -hollow), abs(q.x) - 0.97);
        }
        default: {
            let line = (abs(fract((q.x + 0.6 * abs(q.y)) * 4.0) - 0.5) - 0.17) / 4.0;
            return max(max(line, abs(q.y) - 0.45), abs(q.x) - 0.85);
        }
    }
}

fn band(x: f32, at: f32, half: f32) -> f32 {
    return abs(x - at) - half;
}

fn wedge(q: vec2f, count: f32) -> f32 {
    return (fract(atan2(q.y, q.x) * count / TAU) - 0.5) * TAU / count;
}
