//! Keys in, screen out.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod bench;
mod fake;
mod keys;
mod robust;
mod screens;
mod worker;
