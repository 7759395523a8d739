//! The clean buffers of one rendered picture. Ids and depth are sampled at the pixel centre and never filtered.

/// A picture-sized grid of values, row by row from the top left.
#[derive(Debug, Clone, PartialEq)]
pub struct Plane<T> {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// `width * height` values.
    pub data: Vec<T>,
}

impl<T: Copy> Plane<T> {
    /// A plane of equal values.
    pub fn filled(width: u32, height: u32, value: T) -> Self {
        Self { width, height, data: vec![value; width as usize * height as usize] }
    }

    /// Value at a column and row; `None` outside.
    pub fn get(&self, x: i64, y: i64) -> Option<T> {
        let inside = x >= 0 && y >= 0 && x < i64::from(self.width) && y < i64::from(self.height);
        inside.then(|| self.data[y as usize * self.width as usize + x as usize])
    }

    /// Value at the pixel that contains a point (pixel corner convention); `None` outside.
    pub fn at(&self, p: glam::Vec2) -> Option<T> {
        if !p.is_finite() {
            return None;
        }
        self.get(p.x.floor() as i64, p.y.floor() as i64)
    }
}

/// Depth of a pixel where no surface of the scene was hit.
pub const NO_DEPTH: f32 = 0.0;

/// Everything the renderer knows about one picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// Linear light, red green blue, anti-aliased, background included. 1 is a white diffuse surface under unit irradiance.
    pub colour: Plane<[f32; 3]>,
    /// Metres along the optical axis at the pixel centre; [`NO_DEPTH`] where only background is seen.
    pub depth_z_m: Plane<f32>,
    /// RHD part id 0..=33 at the pixel centre.
    pub part: Plane<u8>,
    /// Instance id of the surface at the pixel centre; 0 is background, hands count from 1.
    pub instance: Plane<u8>,
}
