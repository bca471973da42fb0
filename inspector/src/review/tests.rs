use super::*;
use crate::model::{Frame, SampleSpec, Verdict};

fn manifest() -> Manifest {
    let choices =
        Choices { kinds: kinds::default_kinds(), repeats: Some(Repeats::default()), blind: false };
    let frame = Frame { rules_hash: Some("r".to_owned()), ..Frame::default() };
    Manifest::new(&frame, FrameShards::default(), &SampleSpec::default(), choices, now_ms())
}

fn seen(number: usize) -> Seen {
    Seen { document_id: format!("{number:032x}"), sampled: true, ..Seen::default() }
}

fn good() -> Said {
    Said::Label { verdict: Verdict::Good, kinds: Vec::new(), note: None }
}

#[test]
fn a_review_goes_on_where_it_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let mut review = Review::open(folder.path(), manifest(), "me").unwrap();
    for number in 0..20 {
        review.say(seen(number), good()).unwrap();
    }
    for number in (17..20).rev() {
        let undone = review.undo().unwrap().unwrap();
        assert_eq!(undone.document_id, format!("{number:032x}"));
    }
    assert_eq!(review.redo().unwrap().unwrap().document_id, format!("{:032x}", 17));
    let live = review.state().clone();
    drop(review);
    let mut review = Review::open(folder.path(), manifest(), "me").unwrap();
    assert_eq!(*review.state(), live);
    assert_eq!(review.state().labels().len(), 18);
    assert_eq!(review.say(seen(30), good()).unwrap(), 25);
    assert!(review.redo().unwrap().is_none());
    let label = &review.state().labels()[0];
    assert_eq!(label.reviewer, "me");
    let lines = log::read(review.log.path()).unwrap().0;
    assert!(lines.iter().all(|line| line.rules_hash.as_deref() == Some("r")));
    assert!(lines.iter().all(|line| line.manifest == review.manifest().hash()));
}

#[test]
fn reviewers_are_read_together_and_a_torn_line_is_told() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["b", "a"] {
        let mut review = Review::open(folder.path(), manifest(), name).unwrap();
        review.say(seen(1), good()).unwrap();
    }
    let path = folder.path().join("a.jsonl");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes.extend(b"{\"session\": \"half");
    std::fs::write(&path, &bytes).unwrap();
    let reviews = Reviews::read(folder.path()).unwrap();
    let names: Vec<&str> = reviews.reviewers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(reviews.all().len(), 2);
    assert!(reviews.warnings[0].contains("torn"), "{:?}", reviews.warnings);
    // reading repairs nothing, opening does
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
    assert!(Review::open(folder.path(), manifest(), "a").unwrap().torn().is_some());
    assert!(Reviews::read(folder.path()).unwrap().warnings.is_empty());
}

#[test]
fn a_review_lies_beside_what_it_is_of() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().display().to_string();
    let of = |inputs: &[&str], chosen: Option<&str>, session: Option<&str>| {
        let inputs: Vec<String> = inputs.iter().map(|input| (*input).to_owned()).collect();
        super::folder(&inputs, chosen.map(Path::new), session)
            .map(|path| path.display().to_string())
    };
    assert_eq!(of(&["a/b.jsonl", "c"], None, None).unwrap(), "a/b.jsonl.review");
    assert_eq!(of(&["corpus/"], None, Some("two")).unwrap(), "corpus.review/two");
    assert_eq!(of(&["x"], Some("r"), None).unwrap(), "r");
    assert!(of(&["s3://bucket/x"], None, None).unwrap_err().to_string().contains("--review"));
    assert!(of(&["x"], None, Some("../up")).is_err());
    std::fs::write(folder.path().join("run.json"), "{}").unwrap();
    assert_eq!(of(&[&run], None, None).unwrap(), format!("{run}/review"));
}

#[test]
fn names_that_leave_the_folder_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["", "../me", "a/b", ".hidden", "a b", &"x".repeat(65)] {
        assert!(Review::open(folder.path(), manifest(), name).is_err(), "{name}");
    }
    assert!(check_name("reviewer", &default_reviewer()).is_ok());
}
