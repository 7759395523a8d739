//! Draws a posed scene.
