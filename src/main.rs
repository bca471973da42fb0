//! The command `tamis`: sifts a text corpus, and lets a person look at what came through.

mod commands;
mod screen;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Sifts a text corpus before a language model is trained on it, and lets you look at it.
#[derive(Parser)]
#[command(name = "tamis", version, max_term_width = 100, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "Examples:
  tamis run corpus/ --out out           sift a corpus with the default rules
  tamis sample out -n 20 --from removed look at twenty removed documents
  tamis inspect out                     read a random sample and judge it
  tamis explain out DOCUMENT_ID         everything known about one of them
  tamis review out                      what the labels of reviewers say
  tamis rules test rules.yaml           run the tests of your own rules

Exit codes: 0 done, 1 a check or gate failed, 2 usage or broken input";

#[derive(Subcommand)]
enum Command {
    /// Sift a corpus: annotate, decide, remove duplicates, write it back with reasons
    Run(Box<commands::run::RunArgs>),
    /// Read a random sample on the screen, judge it, and see what your labels say so far
    Inspect(Box<commands::inspect::InspectArgs>),
    /// A uniform random sample of a run, to look at
    Sample(commands::sample::SampleArgs),
    /// Everything known about one document of a run
    Explain(commands::explain::ExplainArgs),
    /// What texts point at that is not there: tables, figures, sections, footnotes
    Refs(commands::refs::RefsArgs),
    /// The documents of a run that say nearly the same as one of them
    Neighbours(commands::neighbours::NeighboursArgs),
    /// What could compare vectors, CPU and graphics cards, and what would
    Devices(commands::devices::DevicesArgs),
    /// Save the hashes of a corpus, so that later runs go --against it without reading it again
    Index(Box<commands::index::IndexArgs>),
    /// What labels say: defect rates with intervals, agreement, gates; imports and exports them
    Review(Box<commands::review::ReviewArgs>),
    /// Check, test, list, compare and explain rules
    Rules(commands::rules::RulesArgs),
    /// Audit a tokenizer on a corpus: what does not come back, what languages cost
    Tokens(commands::tokens::TokensArgs),
    /// Print the completions of a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match cli.command {
        Command::Run(args) => commands::run::run(*args),
        Command::Inspect(args) => commands::inspect::run(*args),
        Command::Sample(args) => commands::sample::run(&args),
        Command::Explain(args) => commands::explain::run(&args),
        Command::Refs(args) => commands::refs::run(&args),
        Command::Neighbours(args) => commands::neighbours::run(&args),
        Command::Devices(args) => commands::devices::run(&args),
        Command::Index(args) => commands::index::run(*args),
        Command::Review(args) => commands::review::run(&args),
        Command::Rules(args) => commands::rules::run(args),
        Command::Tokens(args) => commands::tokens::run(args),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "tamis", &mut std::io::stdout());
            Ok(ExitCode::SUCCESS)
        }
    };
    outcome.unwrap_or_else(|error| {
        if is_broken_pipe(&error) {
            return ExitCode::SUCCESS;
        }
        screen::error(&error);
        let code = error
            .downcast_ref::<tamis_pipeline::PipelineError>()
            .map_or(2, tamis_pipeline::PipelineError::exit_code);
        ExitCode::from(code)
    })
}

/// A reader that has seen enough, such as `head`, is no failure.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
    })
}
