//! Worn things fit the posed hand.
