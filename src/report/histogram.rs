//! Counting, and drawing the counts as SVG.

/// Counts in equal bins over a range, with everything outside in the end bins.
#[derive(Debug, Clone)]
pub struct Histogram {
    title: String,
    unit: &'static str,
    range: [f32; 2],
    counts: Vec<u64>,
    sum: f64,
    total: u64,
}

impl Histogram {
    /// Empty bins over a range.
    pub fn new(title: &str, unit: &'static str, range: [f32; 2], bins: usize) -> Self {
        Self { title: title.to_owned(), unit, range, counts: vec![0; bins], sum: 0.0, total: 0 }
    }

    /// Count a value; one that is no number is not counted.
    pub fn add(&mut self, value: f32) {
        if value.is_nan() {
            return;
        }
        let t = (value - self.range[0]) / (self.range[1] - self.range[0]);
        let bin = (t * self.counts.len() as f32).clamp(0.0, self.counts.len() as f32 - 1.0) as usize;
        self.counts[bin] += 1;
        self.sum += f64::from(value);
        self.total += 1;
    }

    /// Number of values counted.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// A bar chart, 220 x 110, with title, range and mean.
    pub fn svg(&self) -> String {
        let labels = [format!("{}", self.range[0]), format!("{} {}", self.range[1], self.unit)];
        let mean = if self.total > 0 { self.sum / self.total as f64 } else { 0.0 };
        bars(&self.title, &self.counts, &labels, &format!("mean {mean:.2}"))
    }
}

/// Bar chart of named counts.
pub fn named_bars(title: &str, counts: &[(String, u64)]) -> String {
    let values: Vec<u64> = counts.iter().map(|(_, n)| *n).collect();
    let first = counts.first().map(|(n, _)| n.clone()).unwrap_or_default();
    let last = counts.last().map(|(n, _)| n.clone()).unwrap_or_default();
    let mut svg = bars(title, &values, &[first, last], &format!("{} kinds", counts.len()));
    let step = 204.0 / counts.len().max(1) as f32;
    let titles: String = counts
        .iter()
        .enumerate()
        .map(|(k, (name, n))| {
            let x = 8.0 + step * k as f32;
            format!(
                "<rect x='{x:.1}' y='18' width='{step:.1}' height='74' opacity='0'><title>{}: {n}</title></rect>",
                escape(name)
            )
        })
        .collect();
    svg.insert_str(svg.len() - "</svg>".len(), &titles);
    svg
}

fn bars(title: &str, counts: &[u64], ends: &[String; 2], note: &str) -> String {
    let most = counts.iter().copied().max().unwrap_or(0).max(1) as f32;
    let step = 204.0 / counts.len().max(1) as f32;
    let mut svg = format!(
        "<svg viewBox='0 0 220 110' class='chart' role='img' aria-label='{0}'><text x='8' y='12' class='title'>{0}</text>\
         <text x='212' y='12' class='note' text-anchor='end'>{1}</text>",
        escape(title),
        escape(note)
    );
    for (k, count) in counts.iter().enumerate() {
        let height = 72.0 * *count as f32 / most;
        let (x, y) = (8.0 + step * k as f32, 92.0 - height);
        svg.push_str(&format!(
            "<rect x='{x:.1}' y='{y:.1}' width='{:.1}' height='{height:.1}' class='bar'/>",
            (step - 1.0).max(0.6)
        ));
    }
    svg.push_str(&format!(
        "<line x1='8' y1='92.5' x2='212' y2='92.5' class='axis'/><text x='8' y='104' class='note'>{}</text>\
         <text x='212' y='104' class='note' text-anchor='end'>{}</text></svg>",
        escape(&ends[0]),
        escape(&ends[1])
    ));
    svg
}

/// Counts over all directions: sine of elevation against azimuth, so that equal areas are equal solid angles.
#[derive(Debug, Clone)]
pub struct DirectionMap {
    title: String,
    counts: Vec<u64>,
}

const MAP_COLUMNS: usize = 36;
const MAP_ROWS: usize = 12;

impl DirectionMap {
    /// No directions yet.
    pub fn new(title: &str) -> Self {
        Self { title: title.to_owned(), counts: vec![0; MAP_COLUMNS * MAP_ROWS] }
    }

    /// Count a direction of any length; azimuth 0 is +Z, 90° is +X, the map's top is +Y.
    pub fn add(&mut self, direction: glam::Vec3) {
        let Some(d) = direction.try_normalize() else { return };
        let azimuth = libm::atan2f(d.x, d.z) / std::f32::consts::TAU + 0.5;
        let column = ((azimuth * MAP_COLUMNS as f32) as usize).min(MAP_COLUMNS - 1);
        let row = (((1.0 - d.y) * 0.5 * MAP_ROWS as f32) as usize).min(MAP_ROWS - 1);
        self.counts[row * MAP_COLUMNS + column] += 1;
    }

    /// A map, 440 x 110: darker is more often.
    pub fn svg(&self) -> String {
        let most = self.counts.iter().copied().max().unwrap_or(0).max(1) as f32;
        let seen = self.counts.iter().filter(|n| **n > 0).count();
        let share = 100 * seen / self.counts.len();
        let mut svg = format!(
            "<svg viewBox='0 0 440 110' class='chart wide' role='img' aria-label='{0}'><text x='8' y='12' class='title'>{0}</text>\
             <text x='432' y='12' class='note' text-anchor='end'>{share} % of equal-area cells seen</text>",
            escape(&self.title)
        );
        for (k, count) in self.counts.iter().enumerate() {
            let (x, y) = (8.0 + 11.77 * (k % MAP_COLUMNS) as f32, 18.0 + 6.2 * (k / MAP_COLUMNS) as f32);
            let opacity = if *count == 0 { 0.04 } else { 0.15 + 0.85 * *count as f32 / most };
            svg.push_str(&format!("<rect x='{x:.1}' y='{y:.1}' width='11.3' height='5.8' class='bar' opacity='{opacity:.2}'><title>{count}</title></rect>"
            ));
        }
        svg.push_str(
            "<text x='8' y='104' class='note'>back of the hand</text><text x='220' y='104' class='note' text-anchor='middle'>palm</text>\
             <text x='432' y='104' class='note' text-anchor='end'>back; up: from the fingertips</text></svg>",
        );
        svg
    }
}

/// Text made safe for HTML.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\'', "&#39;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_fall_into_their_bins() {
        let mut h = Histogram::new("x", "m", [0.0, 1.0], 4);
        for v in [0.0, 0.3, 0.3, 0.99, 5.0, -1.0, f32::NAN] {
            h.add(v);
        }
        assert_eq!(h.counts, [2, 2, 0, 2]);
        assert_eq!(h.total(), 6);
        assert!(h.svg().matches("class='bar'").count() == 4);
    }

    #[test]
    fn directions_fall_into_their_cells() {
        let mut map = DirectionMap::new("view");
        map.add(glam::Vec3::Z * 3.0);
        map.add(glam::Vec3::Y);
        map.add(glam::Vec3::ZERO);
        assert_eq!(map.counts[5 * MAP_COLUMNS + 18] + map.counts[6 * MAP_COLUMNS + 18], 1);
        assert_eq!(map.counts[..MAP_COLUMNS].iter().sum::<u64>(), 1);
    }

    #[test]
    fn names_cannot_break_the_page() {
        assert!(!named_bars("<b>", &[("</svg>".into(), 1)]).contains("</svg></title>"));
    }
}
