//! What labels say, as a page.

use tamis_inspector::model::{Strata, Unit};
use tamis_inspector::review::{Manifest, Reviews};
use tamis_inspector::stats::Agreement;
use tamis_inspector::summary::{GateState, Interval, Rate, Summary};

/// A share in percent, with more digits where it is small.
fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent == 0.0 || percent >= 9.95 {
        format!("{percent:.0} %")
    } else if percent >= 0.095 {
        format!("{percent:.1} %")
    } else {
        format!("{percent:.2} %")
    }
}

fn interval(interval: Interval) -> String {
    format!("{} to {}", percent(interval.low), percent(interval.high))
}

fn kappa(kappa: Option<f64>) -> String {
    kappa.map_or_else(|| "-".to_owned(), |kappa| format!("{kappa:.2}"))
}

/// The page.
pub(super) fn page(
    manifest: Option<&Manifest>,
    reviews: &Reviews,
    summary: &Summary,
    agreement: &Agreement,
    notes: &[String],
) -> String {
    let mut page = String::new();
    for note in notes {
        page += &format!("{note}\n");
    }
    page += &head(manifest, reviews, summary);
    page += &format!("\n{}\n", summary.sentence);
    if summary.is_sample && summary.n > 0 {
        page += &rates(summary);
    }
    groups(&mut page, summary);
    agree(&mut page, summary, agreement);
    if let Some(gauge) = &summary.gauge {
        let word = match gauge.state {
            GateState::Passed => "passed: the labels show it",
            GateState::Failed => "failed: the labels show the contrary",
            GateState::Open => "not passed: the labels do not show it yet",
        };
        page += &format!("\ngate {}: {word} (by {})\n", gauge.condition, gauge.method);
    }
    page
}

fn head(manifest: Option<&Manifest>, reviews: &Reviews, summary: &Summary) -> String {
    let mut head = String::new();
    if let Some(manifest) = manifest {
        let sample = &manifest.sample;
        let unit = match sample.unit {
            Unit::Document => "documents",
            Unit::Token => "tokens",
        };
        let of = manifest.documents.map_or_else(String::new, |n| format!(" of {n}"));
        head += &format!("a sample{of} {unit} of {}, seed {}", manifest.name, sample.seed);
        if let Some(filter) = &sample.filter {
            head += &format!(", where {filter}");
        }
        if let Some(strata) = &sample.strata {
            let by = match strata {
                Strata::Sql(sql) => sql.clone(),
                other => format!("{other:?}").to_lowercase(),
            };
            head += &format!(", by {by}");
        }
        head += &format!(", {}\n", manifest.sampler);
    }
    for (name, labels) in &reviews.reviewers {
        let repeats = labels.iter().filter(|label| label.repeat).count();
        head += &format!("{name}: {} labels", labels.len() - repeats);
        if repeats > 0 {
            head += &format!(" and {repeats} second looks");
        }
        head.push('\n');
    }
    head += &format!(
        "{} judged: {} good, {} defective; {} skipped, {} marked\n",
        summary.n, summary.good, summary.defects, summary.skips, summary.flagged
    );
    head
}

fn rates(summary: &Summary) -> String {
    let rate = &summary.documents;
    let mut text = format!(
        "  documents   {:>7}   {}  ({} if n was fixed in advance)\n",
        percent(rate.estimate),
        interval(rate.sequence),
        interval(rate.fixed)
    );
    if let Some(tokens) = &summary.tokens {
        let sequence = tokens.sequence.map_or_else(|| "interval unknown".to_owned(), interval);
        text += &format!(
            "  tokens      {:>7}   {sequence}  (effective n {:.0})\n",
            percent(tokens.estimate),
            tokens.effective_n
        );
    }
    if summary.skips > 0 {
        text += &format!("  with skips all good, all bad: {}\n", interval(summary.with_skips));
    }
    if let Some(forecast) = &summary.forecast {
        text += &format!(
            "  {} more documents without a defect show less than {}",
            forecast.documents,
            percent(forecast.below)
        );
        if let Some(minutes) = forecast.minutes {
            text += &format!(", {:.0} minutes at this pace", minutes.ceil());
        }
        text.push('\n');
    }
    text
}

fn groups(page: &mut String, summary: &Summary) {
    let row = |name: &str, rate: &Rate| {
        format!(
            "  {name:<32} {:>4} of {:<5} {:>7}   {}\n",
            rate.count,
            rate.n,
            percent(rate.estimate),
            interval(rate.sequence)
        )
    };
    if !summary.kinds.is_empty() {
        *page += "\nkinds of defect\n";
    }
    for (kind, rate) in &summary.kinds {
        *page += &row(kind, rate);
    }
    if !summary.strata.is_empty() {
        *page += "\nstrata\n";
    }
    for stratum in &summary.strata {
        *page += &row(&stratum.name, &stratum.rate);
    }
    if !summary.rules.is_empty() {
        *page += "\nrules: defective documents among those they fired for\n";
    }
    for rule in &summary.rules {
        let line = row(&rule.rule, &rule.precision);
        let recall = rule.recall_low.map(|low| format!(", finds at least {}", percent(low)));
        *page += &format!("{}{}\n", line.trim_end(), recall.unwrap_or_default());
    }
}

fn agree(page: &mut String, summary: &Summary, agreement: &Agreement) {
    if !agreement.pairs.is_empty() {
        *page += "\nagreement\n";
    }
    for pair in &agreement.pairs {
        *page += &format!(
            "  {} and {}: {} of {} the same, Cohen's kappa {}\n",
            pair.first,
            pair.second,
            pair.same,
            pair.documents,
            kappa(pair.kappa)
        );
    }
    if agreement.reviewers.len() > 2 {
        *page += &format!(
            "  all {}: {} documents, Fleiss' kappa {}\n",
            agreement.reviewers.len(),
            agreement.documents,
            kappa(agreement.fleiss)
        );
    }
    if !agreement.disputed.is_empty() {
        let shown: Vec<&str> = agreement.disputed.iter().take(10).map(String::as_str).collect();
        let more = if agreement.disputed.len() > shown.len() { ", .." } else { "" };
        *page += &format!("  disputed: {}{more}\n", shown.join(", "));
    }
    if let Some((value, repeats)) = summary.self_agreement {
        *page += &format!("  second looks: {repeats}, kappa {value:.2}\n");
    }
}
