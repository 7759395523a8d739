//! From linear light to stored pixels: exposure, tone curve, noise, JPEG. Moves no pixel.
