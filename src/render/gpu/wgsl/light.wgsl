// How skin and other surfaces answer light; pair of `cpu/light.rs`, function by function.

// Of all lights, as `shadow.wgsl` leaves them.
@group(0) @binding(6) var<storage, read> shadow: array<u32>;

fn positive(x: f32) -> f32 {
    return max(x, 0.0);
}

// Unit vector; zero stays zero.
fn unit(v: vec3f) -> vec3f {
    return v * (1.0 / max(sqrt(dot(v, v)), 1e-12));
}

// exp(-x) for x >= 0 to within 0.03: the eighth power of 1 / (1 + x / 8).
fn exp_neg(x: f32) -> f32 {
    let a = 1.0 / (x * 0.125 + 1.0);
    let b = a * a;
    let c = b * b;
    return c * c;
}

fn pow5(x: f32) -> f32 {
    let square = x * x;
    return square * square * x;
}

fn cube3(x: vec3f) -> vec3f {
    return x * x * x;
}

// Value of spherical harmonics in a unit direction, not below 0.
fn lobe(sh: ptr<function, array<vec4f, 9>>, d: vec3f) -> vec3f {
    let first = d.y * (*sh)[1] + d.z * (*sh)[2] + d.x * (*sh)[3] + (*sh)[0];
    let second = d.x * d.y * (*sh)[4] + d.y * d.z * (*sh)[5] + (d.z * d.z * 3.0 - 1.0) * (*sh)[6]
        + d.x * d.z * (*sh)[7] + (d.x * d.x - d.y * d.y) * (*sh)[8];
    return max((first + second).xyz, vec3f(0.0));
}

fn soft_cosine(x: f32, w: f32) -> f32 {
    let rising = positive(x + w);
    return select(rising * rising / (w * 4.0), x, x > w);
}

fn transmitted(facing: f32, chord_per_cosine: f32, absorption: f32) -> f32 {
    return exp_neg(abs(facing) * chord_per_cosine * absorption);
}

fn with_bounces(openness: f32, albedo: vec3f) -> vec3f {
    let a = albedo * 2.0404 - 0.3324;
    let b = albedo * -4.7951 + 0.6417;
    let c = albedo * 2.7552 + 0.6903;
    return max(vec3f(openness), ((openness * a + b) * openness + c) * openness);
}

struct Cosines {
    normal_light: f32,
    normal_view: f32,
    normal_half: f32,
    light_half: f32,
}

fn ggx(c: Cosines, alpha: f32) -> f32 {
    let square = alpha * alpha;
    let d = c.normal_half * c.normal_half * (square - 1.0) + 1.0;
    let light = c.normal_light * (c.normal_view * (1.0 - alpha) + alpha);
    let view = c.normal_view * (c.normal_light * (1.0 - alpha) + alpha);
    return 0.5 * square / (d * d * max(light + view, 1e-4));
}

fn environment_share(roughness: f32, normal_view: f32) -> vec2f {
    let smoothness = 1.0 - roughness;
    let falling = exp_neg(normal_view * 6.43);
    let k = min(smoothness * smoothness, falling) * smoothness + (roughness * -0.0275 + 0.0425);
    return vec2f(k * -1.04 + (roughness * -0.572 + 1.04), positive(k * 1.04 + (roughness * 0.022 - 0.04)));
}

fn reflected_direction(normal: vec3f, view: vec3f, roughness: f32) -> vec3f {
    let mirrored = normal * (dot(normal, view) * 2.0) - view;
    let smoothness = positive(1.0 - roughness);
    let share = smoothness * (sqrt(smoothness) + roughness);
    return unit(normal + (mirrored - normal) * share);
}

fn fresnel(f0: f32, grazing: f32, cosine: f32) -> f32 {
    return f0 + (grazing - f0) * pow5(positive(1.0 - cosine));
}

// Share of a light that reaches a point with a normal; pair of `ShadowMap::lit`.
fn lit(light: u32, position: vec3f, normal: vec3f) -> f32 {
    let texel = lights[light].texel_m;
    // off the surface, so that the kernel does not dip below it
    let p = position + normal * (texel * 1.5);
    let column = lights[light].column;
    let row = lights[light].row;
    let away = lights[light].away;
    let size = vec2f(f32(lights[light].width), f32(lights[light].height));
    let depth = dot(p, away.xyz) + (away.w - texel);
    let at = vec2f(dot(p, column.xyz) + column.w, dot(p, row.xyz) + row.w);
    let q = min(max(at, vec2f(1.5)), size - 2.5) - 0.5;
    // middle texel and the place in it
    let middle = floor(q + 0.5);
    let x = spline(q.x - middle.x);
    let y = spline(q.y - middle.y);
    let first = lights[light].first_texel + u32((middle.y - 1.0) * size.x + (middle.x - 1.0));
    let key = shadow_key(depth);
    var share = 0.0;
    for (var dy = 0u; dy < 3u; dy++) {
        let line = first + dy * lights[light].width;
        let open = vec3<bool>(shadow[line] < key, shadow[line + 1u] < key, shadow[line + 2u] < key);
        share += dot(select(vec3f(0.0), x, open), vec3f(1.0)) * y[dy];
    }
    return share;
}

// Weights of three neighbours of a quadratic B-spline, for an offset of -0.5..=0.5 from the middle one.
fn spline(t: f32) -> vec3f {
    let a = 0.5 - t;
    let b = 0.5 + t;
    return vec3f(a * a * 0.5, 0.75 - t * t, b * b * 0.5);
}
