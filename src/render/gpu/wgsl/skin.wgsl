// The surface of skin and what light makes of it; pair of `cpu/skin.rs` and `cpu/shade.rs`.

struct Surface {
    position: vec3f,
    // without and with relief
    smooth_normal: vec3f,
    normal: vec3f,
    view: vec3f,
    normal_view: f32,
    openness: f32,
    curvature: f32,
    albedo: vec3f,
    f0: f32,
    roughness: f32,
    // of the two lobes
    alpha: vec2f,
}

struct Regions {
    palmar: f32,
    nail: f32,
    flexion: f32,
    // depth in the furrows of the fine relief beyond their mean; 0 from far
    furrow: f32,
    // height of the ridges' profile beyond its mean; 0 from far
    ridge: f32,
}

// What is only seen from near, or on some people.
struct Fine {
    footprint_mm: f32,
    mm_per_uv: f32,
    marked: Marked,
}

fn skin_surface(skin: u32, body: u32, here: Place, eye: vec3f) -> Surface {
    let view = unit(eye - here.position);
    var regions = Regions(saturate(here.look.x), 0.0, here.flexion, 0.0, 0.0);
    var normal = here.normal;
    var albedo = mix(skins[skin].dorsum.rgb, skins[skin].palm.rgb, regions.palmar);
    if skins[skin].levels != 0u {
        let maps = skin_maps(skin, here.uv, here.area);
        let mm_per_uv = skins[skin].mm_per_uv[body];
        let footprint = sqrt(here.area) * mm_per_uv;
        let fine = Fine(footprint, mm_per_uv, marks(skin, here, footprint * 1e-3));
        regions.palmar = maps.region.x / 255.0;
        regions.nail = maps.region.z / 255.0;
        var rise = baked_rise(skin, maps, here, regions) + fine.marked.rise_m;
        if footprint < NEAR_MM {
            rise += fine_rise(skin, maps, here, fine, max(dot(here.normal, view), 0.15), &regions);
        }
        normal = with_relief(here, rise);
        albedo = mapped_albedo(skin, maps, here, fine, regions);
    }
    let wet = saturate(skins[skin].wetness);
    let dry = regions.palmar * PALM_ROUGHER + skins[skin].roughness;
    let roughness = mix(dry + (WET_ROUGHNESS - dry) * wet, skins[skin].nail_roughness, regions.nail);
    let rough = clamp(roughness * ((1.0 - regions.nail) * (LOBE_FACTORS - 1.0) + 1.0), vec2f(0.05), vec2f(1.0));
    let f0 = mix(skins[skin].f0, NAIL_F0, regions.nail);
    return Surface(
        here.position,
        here.normal,
        normal,
        view,
        max(dot(normal, view), 0.04),
        here.look.y,
        here.look.z,
        albedo,
        f0 * positive(1.0 - regions.furrow * FURROW_DULLING * (1.0 - wet)),
        roughness,
        rough * rough,
    );
}

// Change of height along the triangle's two edges by the baked layers of relief, metres.
fn baked_rise(skin: u32, maps: Maps, here: Place, regions: Regions) -> vec2f {
    let folded = max(regions.flexion * FLEXED_FOLDS + STRAIGHT_FOLDS, vec2f(0.0));
    let relief = skins[skin].relief;
    let folds = mix(folded.x, folded.y, regions.palmar) * (relief * skins[skin].wrinkles);
    let weights = vec4f(relief, folds, skins[skin].veins, here.tension * skins[skin].tendons);
    let w = weights * (skins[skin].max_slopes / 127.0);
    let along = (maps.slopes.xy - 128.0) * w.x + (maps.slopes.zw - 128.0) * w.y
        + (maps.more_slopes.xy - 128.0) * w.z + (maps.more_slopes.zw - 128.0) * w.w;
    return edge_rise(here, along);
}

// Change of a height along the two edges from its slopes along u and v.
fn edge_rise(here: Place, along: vec2f) -> vec2f {
    return vec2f(dot(along, here.uv_b), dot(along, here.uv_c));
}

// Furrows and friction ridges.
fn fine_rise(skin: u32, maps: Maps, here: Place, fine: Fine, facing: f32, regions: ptr<function, Regions>) -> vec2f {
    let offset = vec2f(skins[skin].offset_u, skins[skin].offset_v);
    let scale = fine.mm_per_uv / RELIEF_MM;
    let tile = tile_at(here.uv * scale + offset, here.area * scale * scale);
    let palmar = (*regions).palmar;
    let bare = 1.0 - (*regions).nail;
    let dry = 1.0 - 0.6 * saturate(skins[skin].wetness);
    let mixed = mix(tile.back.xyz, tile.palm.xyz, palmar);
    (*regions).furrow = bare * (mixed.z - mix(TILE_MEAN_DEPTHS.x, TILE_MEAN_DEPTHS.y, palmar)) / 255.0;
    // stretched skin is smoother
    let taut = 1.0 - saturate((*regions).flexion) * (1.0 - palmar) * 0.5;
    let tiled = (mixed.xy - 128.0)
        * (fine.mm_per_uv * (bare * taut) * (1e-3 * TILE_MAX_SLOPE / 127.0 * skins[skin].relief * dry));

    let steps = maps.marks.z * 256.0 + maps.marks.w;
    let phase = steps * (RIDGE_STEP_M / RIDGE_SPACING_M);
    let x = (phase - floor(phase)) * 2.0 - 1.0;
    let share = 1.0 - x * x;
    let width = fine.footprint_mm / facing * (1e-3 / RIDGE_SPACING_M);
    let fade = saturate((RIDGE_FADE.y - width) * (1.0 / (RIDGE_FADE.y - RIDGE_FADE.x)));
    // where the coordinate jumps from one segment to the next there are none
    let climbs = abs(maps.ridge.x) + abs(maps.ridge.y) > 0.0;
    let seen = select(0.0, fade * bare * saturate((palmar - 0.45) * 2.5), climbs);
    (*regions).ridge = seen * (share * share - RIDGE_MEAN);
    // derivative of (1 - x^2)^2 along the coordinate
    let slope = x * share * seen
        * (-4.0 * 2.0 * RIDGE_STEP_M / RIDGE_SPACING_M * RIDGE_HEIGHT_M * skins[skin].relief * dry);
    return edge_rise(here, tiled + maps.ridge * slope);
}

// The normal, tilted by a change of height along the two edges.
fn with_relief(here: Place, rise: vec2f) -> vec3f {
    let face = cross(here.edge_b, here.edge_c);
    var gradient = cross(here.edge_c, face) * rise.x + cross(face, here.edge_b) * rise.y;
    gradient = gradient * (1.0 / max(dot(face, face), 1e-24));
    let steepness = max(sqrt(dot(gradient, gradient)), 1e-6);
    return unit(here.normal - gradient * min(MAX_RELIEF / steepness, 1.0));
}

// Colour from the skin maps and the person's marks.
fn mapped_albedo(skin: u32, maps: Maps, here: Place, fine: Fine, regions: Regions) -> vec3f {
    let dorsum = skins[skin].dorsum.rgb;
    let palm = skins[skin].palm.rgb;
    let marked = saturate((here.bind.y - PLAIN_ARM_M.x) * (1.0 / PLAIN_ARM_M.y));
    let palmar = regions.palmar * marked;
    // 128 is neutral in both: above it lies redder skin and the free edge, below it paler skin and the lunula
    let nail_part = (maps.region.w - 128.0) / 127.0;
    let stretched = 1.0 - saturate(regions.flexion) * (1.0 - palmar) * STRETCHED;
    let flush = (maps.region.y - 128.0) / 127.0 * stretched * marked;
    let vein = maps.marks.x * marked * (clamp(skins[skin].veins, 0.0, 2.0) / 255.0);
    let shade = (1.0 - regions.furrow * FURROW_DARKENING) * (1.0 + regions.ridge * RIDGE_CONTRAST);
    let redder_back = skins[skin].flush.rgb / max(dorsum, vec3f(1e-3)) - 1.0;
    let redder_palm = skins[skin].palm_flush.rgb / max(palm, vec3f(1e-3)) - 1.0;
    let redder = mix(redder_back, redder_palm, palmar);
    var albedo = mix(dorsum, palm, palmar) * (flush * redder + 1.0) * (1.0 - vein * VEIN_TINT) * shade;
    let offset = vec2f(skins[skin].offset_u, skins[skin].offset_v);
    if skins[skin].freckles > 0.0 || skins[skin].age_spots > 0.0 {
        let small = fine.mm_per_uv / FRECKLES_MM;
        let large = fine.mm_per_uv / SPOTS_MM;
        let freckle_blob = tile_at(here.uv * small + offset, here.area * small * small).palm.w;
        let spot_blob = tile_at(here.uv * large + offset.yx, here.area * large * large).palm.w;
        let freckle = spotted(freckle_blob, skins[skin].freckles, 0.5);
        // they lie where the sun shines: the farther up the arm the fewer
        let arm = saturate(here.bind.y * 12.0 + 1.6);
        let spot = spotted(spot_blob, skins[skin].age_spots, 0.40) * arm;
        let darker = saturate(freckle * 0.6 + spot * 0.75) * saturate(1.0 - palmar * 2.0);
        albedo *= 1.0 + darker * (skins[skin].spot.rgb / max(dorsum, vec3f(1e-3)) - 1.0);
    }
    let scarred = mix(albedo, skins[skin].scar.rgb, fine.marked.scar * 0.75);
    // ink lies below the epidermis, whose colour stays
    albedo = mix(scarred, scarred * 0.10 + 0.008, fine.marked.ink);
    if skins[skin].hair.w > 0.0 && maps.marks.y > 1.0 {
        let scale = fine.mm_per_uv / HAIR_MM;
        let hair = tile_at(here.uv * scale + offset, here.area * scale * scale).back.w;
        let mask = maps.marks.y * (saturate(skins[skin].hair.w) / 255.0);
        albedo = mix(albedo, skins[skin].hair.rgb, saturate(hair / 255.0 * mask * 1.1));
    }
    let wet = 1.0 - WET_DARKENING * saturate(skins[skin].wetness);
    let cover = skins[skin].nail_cover;
    let plate = mix(mix(skins[skin].nail.rgb, skins[skin].lunula.rgb, saturate(-nail_part)),
        skins[skin].free_edge.rgb, saturate(nail_part));
    return mix(albedo * wet, plate * (1.0 - cover.w) + cover.rgb * cover.w, regions.nail);
}

fn spotted(blob: f32, amount: f32, edge: f32) -> f32 {
    let threshold = 1.0 - 0.7 * saturate(amount);
    return saturate((blob / 255.0 - threshold) * (1.0 / edge));
}

fn radiance(scene: u32, tags: u32, here: Place, eye: vec3f) -> vec3f {
    let skin = scenes[scene].first_skin + (tags & 255u);
    let is_arm = (tags >> 16u & 255u) == PERSON_ID;
    let body = select((tags >> 24u) % BODIES, BODIES, is_arm);
    let surface = skin_surface(skin, body, here, eye);
    let grazing = skins[skin].grazing;
    var ambient = scenes[scene].ambient;
    var reflected = scenes[scene].reflected;
    var diffuse = lobe(&ambient, surface.normal) * with_bounces(surface.openness, surface.albedo);
    // the environment around the mirror direction, dimmed in hollows
    let share = environment_share(surface.roughness, surface.normal_view);
    let reflectance = (surface.f0 * share.x + share.y * grazing) * surface.openness * surface.openness;
    var specular = lobe(&reflected, reflected_direction(surface.normal, surface.view, surface.roughness)) * reflectance;
    let end = scenes[scene].first_light + scenes[scene].lights;
    for (var light = scenes[scene].first_light; light < end; light++) {
        let to_light = lights[light].to_light.xyz;
        let irradiance = lights[light].irradiance.rgb;
        let reaching = lit(light, surface.position, surface.smooth_normal);
        specular += highlight(surface, grazing, to_light) * reaching * irradiance;
        diffuse += diffuse_cosines(surface, to_light, reaching) * irradiance;
    }
    return specular + diffuse * surface.albedo;
}

// Diffuse light per channel from one light of unit irradiance, spread below the skin.
fn diffuse_cosines(surface: Surface, to_light: vec3f, reaching: f32) -> vec3f {
    let smooth_cosine = dot(surface.smooth_normal, to_light);
    let bumped = dot(surface.normal, to_light);
    // a body of mean curvature k is taken for a cylinder: radius 1 / 2k
    let chord = 1.0 / max(surface.curvature, 5.0);
    let thin = saturate(surface.curvature * (1.0 / THIN_CURVATURE));
    let through = reaching * thin * thin * TRANSMISSION;
    var out = vec3f(0.0);
    for (var c = 0; c < 3; c++) {
        let softness = clamp(surface.curvature * (SPREAD_M[c] * 2.0), SOFTNESS.x, SOFTNESS.y);
        let cosine = soft_cosine(bumped + (smooth_cosine - bumped) * SMOOTH_SHARE[c], softness);
        let bled = reaching + reaching * (1.0 - reaching) * SHADOW_BLEED[c];
        out[c] = cosine * bled + transmitted(smooth_cosine, chord, ABSORPTION[c]) * through;
    }
    return out;
}

// Specular reflection of one light of unit irradiance.
fn highlight(surface: Surface, grazing: f32, to_light: vec3f) -> f32 {
    let half = unit(to_light + surface.view);
    let cosines = Cosines(
        positive(dot(surface.normal, to_light)),
        surface.normal_view,
        positive(dot(surface.normal, half)),
        positive(dot(to_light, half)),
    );
    let reflected = ggx(cosines, surface.alpha.x) * (1.0 - SECOND_LOBE) + ggx(cosines, surface.alpha.y) * SECOND_LOBE;
    // no highlight where the surface as a whole turns away
    let horizon = saturate(dot(surface.smooth_normal, to_light) * 8.0);
    return reflected * fresnel(surface.f0, grazing, cosines.light_half) * cosines.normal_light * horizon;
}
