//! How data moves: readers, plans, the run directory
