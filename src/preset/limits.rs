//! Legal range of every number of a preset, in one table.

/// Legal range of the numbers of one key.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit {
    /// Key path; the number of a split is left out, as in `split.count`.
    pub key: &'static str,
    /// Least legal value.
    pub low: f64,
    /// Greatest legal value.
    pub high: f64,
    /// Unit, in words; empty for plain numbers.
    pub unit: &'static str,
}

const fn limit(key: &'static str, low: f64, high: f64, unit: &'static str) -> Limit {
    Limit { key, low, high, unit }
}

/// Every key that holds numbers, in the order of the reference.
pub const LIMITS: &[Limit] = &[
    limit("format_version", 1.0, 1.0, ""),
    limit("output.samples_per_shard", 1.0, 1e6, "samples"),
    limit("output.depth_unit_m", 1e-6, 0.01, "metres"),
    limit("split.count", 1.0, 1e9, "samples"),
    limit("hands.count", 1.0, 2.0, "hands"),
    limit("hands.separation_m", -0.3, 1.0, "metres"),
    limit("hands.contact_gap_mm", 0.0, 10.0, "millimetres"),
    limit("shape.age_years", 18.0, 90.0, "years"),
    limit("shape.children", 0.0, 1.0, ""),
    limit("shape.child_age_years", 3.0, 13.0, "years"),
    limit("shape.spread", 0.0, 3.0, ""),
    limit("pose.gestures", 0.0, 100.0, ""),
    limit("pose.grasps", 0.0, 100.0, ""),
    limit("pose.synergies", 0.0, 100.0, ""),
    limit("pose.coupled", 0.0, 100.0, ""),
    limit("pose.near_limit", 0.0, 100.0, ""),
    limit("pose.synergy_count", 1.0, 20.0, ""),
    limit("pose.noise_deg", -90.0, 90.0, "degrees"),
    limit("pose.wrist_flexion_deg", -90.0, 90.0, "degrees"),
    limit("pose.wrist_deviation_deg", -60.0, 60.0, "degrees"),
    limit("pose.max_penetration_mm", 0.0, 50.0, "millimetres"),
    limit("objects.held", 0.0, 1.0, ""),
    limit("objects.size", 0.0, 1.0, ""),
    limit("objects.pattern", 0.0, 1.0, ""),
    limit("objects.meshes", 0.0, 1.0, ""),
    limit("objects.mesh_size_m", 0.0, 1.0, "metres"),
    limit("occluders.share", 0.0, 1.0, ""),
    limit("occluders.count", 0.0, 8.0, ""),
    limit("occluders.size_m", 0.01, 1.0, "metres"),
    limit("occluders.nearness", 0.0, 1.0, ""),
    limit("occluders.pattern", 0.0, 1.0, ""),
    limit("occluders.max_hidden", 0.0, 1.0, ""),
    limit("skin.tone", 1.0, 10.0, ""),
    limit("skin.blood", 0.0, 10.0, ""),
    limit("skin.roughness", 0.01, 1.0, ""),
    limit("skin.specular", 0.0, 10.0, ""),
    limit("skin.nail_roughness", 0.01, 1.0, ""),
    limit("skin.relief", 0.0, 5.0, ""),
    limit("skin.wetness", 0.0, 1.0, ""),
    limit("skin.veins", 0.0, 5.0, ""),
    limit("skin.hair", 0.0, 1.0, ""),
    limit("skin.freckles", 0.0, 1.0, ""),
    limit("skin.age_spots", 0.0, 1.0, ""),
    limit("skin.varnish", 0.0, 1.0, ""),
    limit("skin.scar", 0.0, 1.0, ""),
    limit("skin.tattoo", 0.0, 1.0, ""),
    limit("wear.body", 0.0, 1.0, ""),
    limit("wear.sleeve", 0.0, 1.0, ""),
    limit("wear.looseness_mm", 0.0, 60.0, "millimetres"),
    limit("wear.folds", 0.0, 3.0, ""),
    limit("wear.watch", 0.0, 1.0, ""),
    limit("wear.bracelet", 0.0, 1.0, ""),
    limit("wear.rings", 0.0, 1.0, ""),
    limit("wear.thin_gloves", 0.0, 1.0, ""),
    limit("wear.thick_gloves", 0.0, 1.0, ""),
    limit("camera.width_px", 16.0, 8192.0, "pixels"),
    limit("camera.height_px", 16.0, 8192.0, "pixels"),
    limit("camera.focal_px", 1.0, 1e5, "pixels"),
    limit("camera.principal_offset_px", -4096.0, 4096.0, "pixels"),
    limit("camera.distance_m", 0.05, 20.0, "metres"),
    limit("camera.azimuth_deg", -360.0, 360.0, "degrees"),
    limit("camera.elevation_deg", -90.0, 90.0, "degrees"),
    limit("camera.roll_deg", -360.0, 360.0, "degrees"),
    limit("camera.off_centre", 0.0, 1.0, ""),
    limit("camera.min_in_frame", 0.0, 1.0, ""),
    limit("light.count", 0.0, 4.0, "lights"),
    limit("light.elevation_deg", -90.0, 90.0, "degrees"),
    limit("light.azimuth_deg", -360.0, 360.0, "degrees"),
    limit("light.intensity", 0.0, 1000.0, ""),
    limit("light.secondary_share", 0.0, 1.0, ""),
    limit("light.temperature_k", 1000.0, 40_000.0, "kelvin"),
    limit("light.angular_radius_deg", 0.0, 30.0, "degrees"),
    limit("environment.intensity", 0.0, 1000.0, ""),
    limit("environment.from_background", 0.0, 1.0, ""),
    limit("background.colour", 0.0, 100.0, ""),
    limit("background.noise", 0.0, 100.0, ""),
    limit("background.dead_leaves", 0.0, 100.0, ""),
    limit("background.room", 0.0, 100.0, ""),
    limit("background.gradient", 0.0, 100.0, ""),
    limit("background.pictures", 0.0, 100.0, ""),
    limit("background.brightness", 0.0, 100.0, ""),
    limit("film.exposure_ev", -10.0, 10.0, "stops"),
    limit("film.metering", 0.0, 1.0, ""),
    limit("film.white_balance_error", -0.5, 0.5, ""),
    limit("film.red_gain", 0.1, 10.0, ""),
    limit("film.blue_gain", 0.1, 10.0, ""),
    limit("sensor.full_well_e", 0.0, 1e6, "electrons"),
    limit("sensor.read_noise_e", 0.0, 1000.0, "electrons"),
    limit("sensor.vignetting", 0.0, 1.0, ""),
    limit("sensor.jpeg_loss_percent", 0.0, 99.0, "percent"),
    limit("sensor.blur_px", 0.0, 10.0, "pixels"),
    limit("depth_sensor.noise_mm", 0.0, 100.0, "millimetres"),
    limit("depth_sensor.noise_mm_per_m", 0.0, 100.0, "millimetres per metre"),
    limit("depth_sensor.noise_mm_per_m2", 0.0, 100.0, "millimetres per square metre"),
    limit("depth_sensor.step_mm", 0.0, 100.0, "millimetres"),
    limit("depth_sensor.holes", 0.0, 1.0, ""),
    limit("depth_sensor.edge_holes", 0.0, 1.0, ""),
    limit("sequence.frames", 0.0, 10_000.0, "frames"),
    limit("sequence.rate_hz", 1.0, 1000.0, "hertz"),
    limit("sequence.move_s", 0.15, 60.0, "seconds"),
    limit("sequence.hold_s", -10.0, 600.0, "seconds"),
    limit("sequence.change_pose", 0.0, 1.0, ""),
    limit("sequence.onset_s", 0.0, 1.0, "seconds"),
    limit("sequence.wrist_speed_m_s", 0.0, 5.0, "metres per second"),
    limit("sequence.reach_m", 0.0, 0.5, "metres"),
    limit("sequence.roll_deg", -90.0, 90.0, "degrees"),
    limit("sequence.tremor_mm", 0.0, 20.0, "millimetres"),
    limit("sequence.tremor_hz", 3.0, 30.0, "hertz"),
    limit("sequence.together", 0.0, 1.0, ""),
    limit("sequence.drift_deg_s", 0.0, 60.0, "degrees per second"),
    limit("sequence.sway_mm", 0.0, 50.0, "millimetres"),
    limit("sequence.imported", 0.0, 1.0, ""),
];

/// The limit of a key path, with or without the number of a split.
pub fn limit_of(key: &str) -> Option<&'static Limit> {
    let plain: String = key.split('.').filter(|part| part.parse::<usize>().is_err()).collect::<Vec<_>>().join(".");
    LIMITS.iter().find(|limit| limit.key == plain)
}

impl std::fmt::Display for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} to {}", self.low, self.high)?;
        if self.unit.is_empty() { Ok(()) } else { write!(f, " ({})", self.unit) }
    }
}
