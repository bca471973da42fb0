//! Whole texts: every kind, every trap, every language.
