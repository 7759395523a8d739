// Cloth, metal, plastic, skin far from the hands; pair of `cpu/shade_solid.rs`.

struct Finish {
    // colour, and softness of the terminator, per channel
    colour: vec4f,
    second: vec4f,
    f0: vec4f,
    softness: vec4f,
    grazing: f32,
    // share of light that is reflected diffusely
    diffuse: f32,
    roughness: f32,
    alpha: f32,
    sheen: f32,
    // width of a pixel at a distance of 1
    pixel_tangent: f32,
    // metres per unit of the texture coordinates
    uv_m: f32,
    // metres
    period: f32,
    // from 1; 0 if there is none
    pattern: u32,
    // the vertices' detail is the share of the sky that folds hide
    has_hollows: u32,
    unused_a: u32,
    unused_b: u32,
}

@group(0) @binding(7) var<storage, read> finishes: array<Finish>;

fn radiance(scene: u32, tags: u32, here: Place, eye: vec3f) -> vec3f {
    // the surfaces count the hands first
    let finish = scenes[scene].first_finish + (tags & 255u) - scenes[scene].skins;
    let normal = here.normal;
    let to_eye = eye - here.position;
    let view = unit(to_eye);
    let normal_view = max(dot(normal, view), 0.04);
    let openness = here.look.y * select(1.0, 1.0 - saturate(here.look.x), finishes[finish].has_hollows != 0u);
    var second = 0.0;
    if finishes[finish].pattern != 0u {
        let period = finishes[finish].period;
        let pixel = length(to_eye) * (finishes[finish].pixel_tangent / period);
        second = pattern(finishes[finish].pattern, here.uv * (finishes[finish].uv_m / period), pixel);
    }
    let albedo = mix(finishes[finish].colour.rgb, finishes[finish].second.rgb, second);

    var ambient = scenes[scene].ambient;
    var reflected = scenes[scene].reflected;
    var diffuse = lobe(&ambient, normal) * with_bounces(openness, albedo);
    // the environment around the mirror direction, dimmed in hollows
    let roughness = finishes[finish].roughness;
    let grazing = finishes[finish].grazing;
    let f0 = finishes[finish].f0.rgb;
    let share = environment_share(roughness, normal_view);
    var out = lobe(&reflected, reflected_direction(normal, view, roughness))
        * (share.x * f0 + share.y * grazing) * (openness * openness);
    let end = scenes[scene].first_light + scenes[scene].lights;
    for (var light = scenes[scene].first_light; light < end; light++) {
        let to_light = lights[light].to_light.xyz;
        let irradiance = lights[light].irradiance.rgb;
        let reaching = lit(light, here.position, normal);
        let facing = dot(normal, to_light);
        let half = unit(to_light + view);
        let cosines = Cosines(positive(facing), normal_view, positive(dot(normal, half)), positive(dot(to_light, half)));
        let glint = ggx(cosines, finishes[finish].alpha) * cosines.normal_light * reaching;
        let schlick = pow5(positive(1.0 - cosines.light_half));
        out += glint * (f0 + (vec3f(grazing) - f0) * schlick) * irradiance;
        for (var c = 0; c < 3; c++) {
            diffuse[c] += soft_cosine(facing, finishes[finish].softness[c]) * reaching * irradiance[c];
        }
    }
    let rim = positive(1.0 - normal_view);
    // fibres at the rim are lighter than the cloth, of its hue
    let fibre = mix(albedo, sqrt(albedo), rim * rim * rim * finishes[finish].sheen);
    return out + diffuse * fibre * finishes[finish].diffuse;
}

// Share of the second colour at places given in periods; edges are as soft as a pixel, and what is finer is grey.
fn pattern(kind: u32, uv: vec2f, pixel: f32) -> f32 {
    // 0 at whole numbers, 1 half way
    let wave = 1.0 - abs((uv - floor(uv)) * 2.0 - 1.0);
    let slope = 1.0 / max(pixel * 2.0, 0.02);
    switch kind {
        case PATTERN_STRIPES: {
            return stepped(wave.y - 0.5, slope);
        }
        case PATTERN_PINSTRIPES: {
            return stepped(wave.x - 0.8, slope);
        }
        case PATTERN_CHECKS: {
            return (stepped(wave.x - 0.5, slope) + stepped(wave.y - 0.5, slope)) * 0.5;
        }
        case PATTERN_DOTS: {
            return mix(stepped(0.5 - length(1.0 - wave), slope), 0.2, saturate(pixel * 2.0));
        }
        default: {
            let rough = 0.6 * noise(uv) + 0.4 * noise(2.3 * uv + vec2f(5.2, 9.1));
            return mix(saturate((rough - 0.5) * 2.0 + 0.5), 0.5, saturate(pixel - 0.5));
        }
    }
}

fn stepped(x: f32, slope: f32) -> f32 {
    return saturate(x * slope + 0.5);
}

// Value noise, 0..1, with lattice 1.
fn noise(at: vec2f) -> f32 {
    let cell = floor(at);
    let t = at - cell;
    let s = t * t * (3.0 - 2.0 * t);
    let i = vec2i(cell);
    let low = mix(lattice(i), lattice(i + vec2i(1, 0)), s.x);
    let high = mix(lattice(i + vec2i(0, 1)), lattice(i + vec2i(1, 1)), s.x);
    return mix(low, high, s.y);
}

// A fixed number of 0..1 for each lattice point.
fn lattice(at: vec2i) -> f32 {
    var h = bitcast<u32>(at.x) * 0x9E3779B1u ^ bitcast<u32>(at.y) * 0x85EBCA77u;
    h = (h ^ (h >> 15u)) * 0xC2B2AE3Du;
    h = (h ^ (h >> 13u)) * 0x27D4EB2Fu;
    return f32(h >> 8u) * (1.0 / 16777216.0);
}
