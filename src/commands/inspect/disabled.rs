//! The twin of `enabled` in a build without the screen.

use std::process::ExitCode;

use clap::Args;
use tamis_pipeline::PipelineError;

/// Whatever is given: there is nothing that it could open.
#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    _given: Vec<std::ffi::OsString>,
}

/// Says that this build has no screen.
pub(crate) fn run(_args: InspectArgs) -> anyhow::Result<ExitCode> {
    let what = "this build of tamis has no screen: build it with `--features inspector`; \
                tamis sample prints documents and tamis review takes labels";
    Err(PipelineError::Usage(what.to_owned()).into())
}
