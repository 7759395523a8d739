//! Melanin and blood to skin colours.
