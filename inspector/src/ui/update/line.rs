//! Commands with arguments.

use super::super::command::LINES;
use super::super::state::{App, Overlay};
use super::super::theme::Theme;
use super::super::worker::Request;
use super::{browse, draft};
use crate::model::{Population, SampleSpec, Strata, Unit};

/// Whether a typed line starts with the name of a command that takes arguments.
pub(super) fn is_line(text: &str) -> bool {
    let name = text.trim_start_matches(':').split_whitespace().next().unwrap_or_default();
    LINES.iter().any(|line| line.name == name)
}

/// Does a typed line.
pub(super) fn run(app: &mut App, text: &str) {
    let text = text.trim().trim_start_matches(':');
    let (name, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let rest = rest.trim();
    match name {
        "goto" => goto(app, rest),
        "byte" => byte(app, rest),
        "histogram" if !rest.is_empty() => browse::histogram(app, rest),
        "histogram" => browse::overview(app),
        "draft" => draft::from_line(app, rest),
        "session" => session(app),
        "theme" => theme(app, rest),
        _ => match sampled(app, name, rest) {
            Ok(spec) => browse::open(app, spec),
            Err(why) => app.complain(why),
        },
    }
}

/// The specification that a line asks for.
fn sampled(app: &App, name: &str, rest: &str) -> Result<SampleSpec, String> {
    let mut spec = app.spec.clone();
    match name {
        "filter" => spec.filter = (!rest.is_empty()).then(|| rest.to_owned()),
        "seed" => spec.seed = rest.parse().map_err(|_| format!("`{rest}` is no seed"))?,
        "strata" => spec.strata = strata(rest)?,
        "unit" => {
            spec.unit = match rest {
                "document" => Unit::Document,
                "token" => Unit::Token,
                _ => return Err(format!("`{rest}` is not document or token")),
            }
        }
        "population" => spec.population = population(rest)?,
        _ => return Err(format!("no command is called `{name}`")),
    }
    Ok(spec)
}

fn strata(text: &str) -> Result<Option<Strata>, String> {
    match text {
        "off" | "none" => Ok(None),
        "" => Err("strata of what? rule, source, language, length, an SQL expression".into()),
        named => Ok(Some(Strata::named(named))),
    }
}

fn population(text: &str) -> Result<Population, String> {
    Ok(match text {
        "kept" => Population::Kept,
        "removed" => Population::Removed,
        "failed" => Population::Failed,
        "flagged" => Population::Flagged,
        "all" => Population::All,
        _ => return Err(format!("`{text}` is not kept, removed, failed, flagged or all")),
    })
}

fn goto(app: &mut App, rest: &str) {
    if rest.is_empty() {
        return app.complain("go where? a rank or an id");
    }
    // a number of so many digits is an id
    let rank = rest.parse::<usize>().ok().filter(|&rank| rank < 1_000_000);
    match rank.and_then(|rank| rank.checked_sub(1)) {
        Some(rank) => browse::go_to_rank(app, rank),
        None => {
            app.ask_long("looking for the document", Request::Find(rest.to_owned()));
        }
    }
}

fn byte(app: &mut App, rest: &str) {
    match rest.parse::<usize>() {
        Ok(byte) => app.reader.to_byte(byte.min(app.reader.shown.text.len())),
        Err(_) => app.complain(format!("`{rest}` is no number")),
    }
}

fn theme(app: &mut App, rest: &str) {
    match rest {
        "dark" => app.theme = Theme::Dark,
        "light" => app.theme = Theme::Light,
        "none" => app.theme = Theme::None,
        _ => app.complain("a theme is dark, light or none"),
    }
}

fn session(app: &mut App) {
    let lines = super::super::views::session_lines(app);
    app.overlay = Some(Overlay::Message("session".to_owned(), lines));
}

/// Browses by what is chosen in the overview.
pub(super) fn filter_by_chosen(app: &mut App) {
    let table = app.overview.table;
    let at = app.overview.chosen[table];
    if table == 2 {
        if let Some(name) = super::super::views::overview::annotation(app, at) {
            browse::histogram(app, &name);
            app.overview.table = 3;
        }
        return;
    }
    let Some((population, filter)) = super::super::views::overview::condition(app, table, at)
    else {
        return;
    };
    let spec = SampleSpec {
        population,
        filter: Some(filter.clone()),
        seed: app.setup.spec.seed,
        ..SampleSpec::default()
    };
    browse::open(app, spec);
    app.say(format!("browsing {filter}; Esc goes back to the sample"));
}
