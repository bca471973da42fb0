//! `tamis devices`: what could compare vectors, and what would.

use std::io::Write;
use std::process::ExitCode;

use clap::Args;
use comfy_table::Table;
use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use serde_json::json;
use tamis_pipeline::embed::{Devices, devices};

const EXAMPLES: &str = "Examples:
  tamis devices
  tamis devices --device cuda:1 --json
  tamis run corpus/ --out out --dedup semantic --device cuda";

/// The options of `tamis devices`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DevicesArgs {
    /// What would be used: "auto", "cpu", "cuda" or "cuda:N"
    #[arg(long, value_name = "DEVICE", default_value = "auto")]
    device: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Prints the devices that were found.
pub(crate) fn run(args: &DevicesArgs) -> anyhow::Result<ExitCode> {
    let Devices { found, without_cuda, used } = devices(&args.device)?;
    let mut out = std::io::stdout().lock();
    if args.json {
        let rows: Vec<_> = found
            .iter()
            .map(|row| {
                json!({
                    "device": row.device.to_string(), "name": row.name, "memory_bytes": row.memory,
                    "compute_capability": row.compute_capability.map(|(a, b)| format!("{a}.{b}")),
                    "driver": row.driver, "kernels": row.kernels,
                    "used": used.contains(&row.device),
                })
            })
            .collect();
        let all = json!({"devices": rows, "without_cuda": without_cuda});
        writeln!(out, "{}", serde_json::to_string_pretty(&all)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = Table::new();
    table.load_preset(UTF8_HORIZONTAL_ONLY);
    table.set_header(["device", "used", "name", "memory", "capability", "driver", "kernels"]);
    for row in &found {
        table.add_row([
            row.device.to_string(),
            if used.contains(&row.device) { "yes" } else { "" }.to_owned(),
            row.name.clone(),
            row.memory.map_or_else(String::new, |bytes| format!("{:.0} GB", bytes as f64 / 1e9)),
            row.compute_capability.map_or_else(String::new, |(a, b)| format!("{a}.{b}")),
            row.driver.clone().unwrap_or_default(),
            row.kernels.clone(),
        ]);
    }
    writeln!(out, "{table}")?;
    if let Some(why) = without_cuda {
        writeln!(out, "{why}: vectors are compared on the CPU, with the same result")?;
    }
    Ok(ExitCode::SUCCESS)
}
