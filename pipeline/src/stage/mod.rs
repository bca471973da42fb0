//! How the stages of a run are worked off: their units, their session, their directory.

pub(crate) mod rundir;
pub(crate) mod session;
pub(crate) mod units;
pub(crate) mod work;
