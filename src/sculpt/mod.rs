//! Builds the parametric hand: implicit field, quad cage, subdivision, projection, skin maps.
