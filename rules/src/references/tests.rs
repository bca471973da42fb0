//! Whole texts: every kind, every trap, every language.

use super::{
    Detector, DetectorBuffers, Form, Found, Kind, MENTIONS_MAX, Span, TargetKeys, Verdict,
};

fn find(text: &str) -> Found {
    // promises and code by place are asked to be surer by default than these tests need
    static DETECTOR: std::sync::LazyLock<Detector> = std::sync::LazyLock::new(|| {
        let languages = super::ReferenceLanguage::embedded().unwrap();
        Detector::with_languages(languages).unwrap().with_min_confidence(super::MIN_CONFIDENCE)
    });
    let mut found = Found::default();
    DETECTOR.find(text, &mut DetectorBuffers::default(), &mut found);
    found
}

/// The findings in short: `table 3 missing`, `figure - hollow`.
fn findings(text: &str) -> Vec<String> {
    let short = |kind: Kind, key: &str, verdict: Verdict| {
        let key = if key.is_empty() { "-" } else { key };
        format!("{kind} {key} {verdict}")
    };
    let found = find(text);
    let mut all: Vec<_> =
        found.findings.iter().map(|f| short(f.kind, f.key.as_str(), f.verdict)).collect();
    all.dedup();
    all
}

/// Defects only: another document's target and a cut-off text are none of the text's own loss.
fn defects(text: &str) -> Vec<String> {
    let loss = |f: &String| !f.ends_with("external") && !f.ends_with("truncated");
    findings(text).into_iter().filter(loss).collect()
}

/// Mentions in short: `table 3`, `figure -`.
fn mentions(text: &str) -> Vec<String> {
    let key = |key: &str| if key.is_empty() { "-".to_owned() } else { key.to_owned() };
    let found = find(text);
    found.scan.mentions.iter().map(|m| format!("{} {}", m.kind, key(m.key.as_str()))).collect()
}

const TABLE: &str = "| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |";

#[test]
fn every_kind_is_found_when_it_is_not_there() {
    let mut wrong = Vec::new();
    for (text, finding) in [
        ("The results are shown in Table 3. They are good.\n", "table 3 missing"),
        ("As Figure 2 shows, it grows.\n", "figure 2 missing"),
        (
            "See Table 1.\n\nTable 1. Results of the test\n\nWe go on here with text.\n",
            "table 1 hollow",
        ),
        ("See Figure 1.\n\n<!-- image -->\n\nFigure 1. A view\n\nWe go on.\n", "figure 1 hollow"),
        ("It follows from Eq. (3) that it is so. Eq. (4) too.\n", "equation 3 missing"),
        ("By Theorem 2.1 it holds.\n\nTheorem 2.2. It is so.\n", "algorithm 2.1 missing"),
        ("Listing 2 shows the code, Listing 3 the output.\n", "listing 2 missing"),
        ("It is claimed[^1] often.\n\n[^2]: Not here.\n", "footnote 1 missing"),
        ("See [the end](#no-end).\n\n# The start\n", "anchor noend missing"),
        ("Look at [the docs][docs].\n\n[other]: http://example.org\n", "anchor docs missing"),
        ("Good day,\n\nplease find attached the report.\n\nJo\n", "attachment - missing"),
        ("The table below lists all.\n\n# Next\n\nOther text.\n", "table - missing"),
        ("It is shown in the following figure.\n\n# Next\n\nText.\n", "figure - missing"),
        ("Results are in Table ??.\n", "residue - missing"),
        ("as shown in Error! Reference source not found.\n", "residue - missing"),
        ("See the following table.\n\n[TABLE]\n\nWe go on.\n", "table - hollow"),
        ("详见下表。\n\n表格 6.4. 手册页列表\n\n我们继续。\n", "table - hollow"),
        (
            "<p>It is in the following table.</p>\n\n<p>Table 5. Files</p>\n\n<p>Text.</p>\n",
            "table - hollow",
        ),
        ("Figure 3. A view\n\nThe figure above shows it. We go on.\n", "figure - hollow"),
    ] {
        if !findings(text).iter().any(|f| f == finding) {
            wrong.push(format!("{text}: {:?}", findings(text)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let cited = "One [1]. Two [2]. Three [3]. Four [4, 5].\n";
    assert!(findings(cited).contains(&"citation 1 missing".to_owned()), "{:?}", findings(cited));
    let empty = "One [1]. Two [2]. Three [3]. Four [4].\n\n[1]\n\n[2]\n\n[3] A book.\n\n[4]\n";
    assert!(findings(empty).contains(&"citation 2 hollow".to_owned()), "{:?}", findings(empty));
    let named = "It is so (Smith et al., 2010), and not so (Wu et al., 2012; Lee et al., 2013).\n";
    assert!(findings(named).iter().any(|f| f.starts_with("author_year")), "{:?}", findings(named));
    let sections = "See Section 1.4 and Section 1.5.\n\n## 1.1 One\n\nText.\n\n## 1.2 Two\n\nText.\n\n## 1.3 Three\n\nText.\n";
    assert!(find(sections).scan.mentions.iter().any(|m| m.kind == Kind::Section));
}

#[test]
fn every_kind_is_silent_when_it_is_there() {
    let mut wrong = Vec::new();
    for text in [
        &format!("See Table 1.\n\nTable 1. Results\n\n{TABLE}\n"),
        &format!("See Table 1.\n\n{TABLE}\n"),
        "See Figure 1.\n\n![A view](a.png)\n\nFigure 1. A view\n",
        "See Fig. 1 and Fig. 2.\n\n<img src=a><img src=b>\n",
        "By Eq. (3) it holds.\n\n$$\nx = y \\tag{3}\n$$\n",
        "By Eq. (3) it holds.\n\n    x = y + z        (3)\n",
        "By Theorem 2.1 it holds.\n\nTheorem 2.1. It is so.\n",
        "See Listing 2.\n\nListing 2. Code\n\n```\nx = 1\n```\n",
        "It is[^1] so.\n\n[^1]: Indeed.\n",
        "See [the end](#the-end).\n\n# The end\n",
        "Look at [the docs][docs].\n\n[docs]: http://example.org\n",
        "Please find attached the report: report.pdf\n",
        &format!("The table below lists all.\n\n{TABLE}\n"),
        "In the following figure:\n\n![a](b.png)\n",
        "Do the following:\n\n- one\n- two\n",
        "See Section 3.2.\n\n## 3.1 One\n\n## 3.2 Two\n",
        "Do the following steps:\n\n# open it,\n# close it,\n",
        "Access to the following operations:\n\n   o  lock\n\n   o  unlock\n",
        "They are listed in the following dialog:\n\n#+CAPTION: Figure 5. A dialog\n[[file:a.png]]\n",
        "It is of one of the following four types, as they are all given in this list:\n«One», «two».\n",
        "It turns gray [fig. 1] or black [fig. 2].\n\n![a](a.png)\n\nfig. 1\n\nfig. 2\n",
        "See Figure 1.1 and Figure 1.2.\n\n![a](a.png)\n\nFigure 1.1. A\n\n![b](b.png)\n\nFigure 1.2. B\n",
        "See Table 2.5.\n\nTable 2.5. Sites\n\nsite é          command\n-------------   --------\nOne é é         two\n",
        "See Appendix B.\n\n# Appendix B. Tables\n\nText.\n",
        "One [1]. Two [2]. Three [3]. Four [4].\n\n[1] A.\n[2] Book.\n[3] Book.\n[4] Book.\n",
        "(Smith et al., 2010; Wu et al., 2012)\n\nReferences\n\nSmith, J. (2010). A.\nWu, K. (2012). B.\n",
    ] {
        if !defects(text).is_empty() {
            wrong.push(format!("{text}: {:?}", defects(text)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_trap_is_a_defect() {
    let traps = "
Table 1 of Smith et al. (2010) lists them.
This is given in Table 2 in [7].
It is shown in Fig. 3 in Ref. 12.
Compare Figure 5 of the original paper.
See Section 4.2 of RFC 7231.
See RFC 7231, Section 4.2.
This is so [7, Fig. 3].
It was found (Smith 2010: fig. 3).
Smith et al. (2010, Table 1) give it.
https://arxiv.org/abs/2104.00254. See Figure 5.
I cannot figure out 3 of them.
He tied a figure 8 knot.
They like figure skating 2 times a week.
She earns a six-figure 2 salary.
We are listing 20+ proposals.
We sat at table 5 at the restaurant.
A table for 4, please.
The Table 14 waiter was kind.
The periodic table 2 is old.
We play table tennis 3 days a week.
They live in Section 8 housing.
Section 230 protects them.
They filed for Chapter 11 in March.
It violates Title IX.
Article 5 applies.
Das steht in § 242 BGB.
See Part 15 of the FCC rules.
This is in Appendix 1 to Regulation (EU) 2016/679.
He read Psalm 23.
Fill in Form 1040.
That is rule 34.
The price is figure 1 in a series of four.
They are at the top of the table.
I ate a fig. 3 of them were ripe.
The eq. 2 band is loud.
Algorithm 2 Ltd is a firm.
It runs on Python 3.2 here.
Our seats are in Section A.
The value of a[1] is 3, a[2] is 4, a[3] is 5.
Use a[i][j] to read it.
- [x] done and [ ] open
This is so [citation needed].
He said [...] and [sic] went.
It was published [2019].
12:01 [4] started the job
1.2 Tables ............ 14
Table 3 ............ 14
Table of contents
The code `see Table 3` is a string.
It is below the age of 16.
It fell below zero. The temperature table is above 10 degrees.
The above-mentioned table is fine.
The reason is as follows, in short.
He is following the example of his father.
A figure above 10 % is high.
The 42.5 figure 1,200 is wrong.
[Appendix B](appendix-b.md) lists them.
Version 2 of table-driven code.
From 1 to 3 tables 2 million rows.
The Formula 1 season and Formula One racing.
Proposition 8 was voted on.
Das ist Bundesarchiv Bild 146-1972-093-39 hier.
Write \\newcommand{\\autoref{#1}} for it.
It says “Error! Reference source not found” then.
See the standard's section 4.4.3.2 or the form of section 4.4.3.3 there.
Go to the **Advanced** tab.
1. Select one.
";
    let mut wrong = Vec::new();
    for text in traps.lines().filter(|line| !line.is_empty()) {
        let inside = format!("An opening line, which is text.\n\n{text}\n\nA closing line, too.\n");
        for text in [text, &inside] {
            if !defects(text).is_empty() {
                wrong.push(format!("{text}: {:?}", defects(text)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn traps_of_layout() {
    for text in [
        // in a bibliography, a definition, code, a quoted mail
        "References\n\n[1] Smith, J. (2010). Things, Table 3 and Figure 2. Press.\n",
        "Text.[^1]\n\n[^1]: See Figure 5 of the paper.\n",
        "```\nsee Table 3\n```\n",
        "From: a\nSubject: b\n\nOn Monday Jo wrote:\n> see Table 3\n\nYes.\n",
        // captions in English below mentions in another language
        &format!("詳見表 9.1。\n\nTable 9.1. Title\n\n{TABLE}\n"),
        "図 9.2 を参照。\n\n![a](b.png)\n\nFigure 9.2. Title\n",
        // a section of settings, forum markup
        "An opening line.\n\n[table]\nkey = value\n",
        "An opening line.\n\n[code]\n\nx\n\n[/code]\n",
        // a table given as an image, as a drawing, with its caption below, a page break between
        "See Table 1.\n\nTable 1. Results\n\n![Table 1](t.png)\n",
        &format!("See Table 1.\n\n{TABLE}\n\nTable 1. Results\n"),
        &format!("See Table 1.\n\nTable 1. Results\n\n\u{c}\n\n{TABLE}\n"),
        // a heading is no mention, a range of numbers is there whole
        "# Table 3\n\nText.\n",
        "See Figs. 1 and 2.\n\n![a](a.png)\n\nFig. 1. A\n\n![b](b.png)\n\nFig. 2. B\n",
        "See Figure 1a.\n\n![a](a.png)\n\nFigure 1. A and B\n",
        // captions of traditional Chinese, and in another language than the mention
        &format!("參見表格 9.1。\n\n表格 9.1. 列表\n\n{TABLE}\n"),
        &format!("參見表 9.1。\n\n表 9.1　列表\n\n{TABLE}\n"),
        "如圖 9.1 所示。\n\n![a](a.png)\n\n圖 9.1：視窗\n",
        "如圖 9.1 所示。\n\n![a](a.png)\n\nFigure 9.1. The window\n",
        "図9.1を参照してください。\n\n![a](a.png)\n\nFigure 9.1. The window\n",
        // furniture, another work's table, a name
        "We had booked, but table 14 was free and near the window.\n",
        "The talk came to Smith et al., whose Table 1 is famous in her trade.\n",
        "The menu lists a dish called Fig. 1, with figs.\n",
        include_str!("../../../samples/notes/reference-traps.txt"),
        // a number of another chapter is on another page
        "See Table 3.1.\n\nTable 4.1. A\n\n|a|b|\n|-|-|\n|1|2|\n\nTable 4.2. B\n\n|a|b|\n|-|-|\n|1|2|\n",
    ] {
        assert!(defects(text).is_empty(), "{text}: {:?}", findings(text));
    }
}

#[test]
fn languages_know_their_mentions() {
    for (text, expected) in [
        (
            "See Table 3, Figs. 2 and 4-6, Eq. (1), Section 3.2, Appendix B and Table II.",
            "table 3,figure 2,figure 4,figure 5,figure 6,equation 1,section 3.2,appendix B,table 2",
        ),
        (
            "Siehe Tabelle 3, Abb. 2, Abschnitt 3.2, Gleichung (1) und die folgende Tabelle.",
            "table 3,figure 2,section 3.2,equation 1,table -",
        ),
        (
            "Voir le tableau 3, la figure 2, la section 3.2, l'annexe B et le tableau ci-dessous.",
            "table 3,figure 2,section 3.2,table -",
        ),
        (
            "Véase la Tabla 3, la figura 2, la sección 3.2, la ecuación (1) y la siguiente tabla.",
            "table 3,figure 2,section 3.2,equation 1,table -",
        ),
        (
            "Ver a Tabela 3, a figura 2, a seção 3.2, a equação (1) e a tabela abaixo.",
            "table 3,figure 2,section 3.2,equation 1,table -",
        ),
        (
            "Vedi la tabella 3, la figura 2, la sezione 3.2, l'equazione (1) e la tabella seguente.",
            "table 3,figure 2,section 3.2,table -",
        ),
        (
            "Zie tabel 3, figuur 2, paragraaf 3.2, bijlage B en onderstaande tabel.",
            "table 3,figure 2,section 3.2,table -",
        ),
        (
            "Zob. tabela 3, na rysunku 2, w rozdziale 3, równanie (1) oraz poniższa tabela.",
            "table 3,figure 2,section 3,equation 1,table -",
        ),
        (
            "См. таблицу 3, на рис. 2, в разделе 3.2, формула (1) и в таблице ниже.",
            "table 3,figure 2,section 3.2,equation 1,table -",
        ),
        (
            "如表3和图2所示，见第3章和附录A，如下图所示。",
            "table 3,figure 2,section 3,appendix A,figure -",
        ),
        ("如表 1-2 與圖2所示，見第三章，如下圖所示。", "table 1.2,figure 2,section 3,figure -"),
        (
            "請參見圖 3，詳見【表 9.1】，參見節 6.5 與第 6.2.2 節，如下表，以下程式碼，上面的例子。",
            "figure 3,table 9.1,section 6.5,section 6.2.2,table -,listing -",
        ),
        ("以下の例と上のスクリーンショットを参照。", "listing -,figure -"),
        (
            "Il seguente esempio e la figura più in basso; la tabella successiva.",
            "listing -,figure -,table -",
        ),
        ("El siguiente ejemplo y la figura superior.", "listing -,figure -"),
        (
            "表1と図2に示す。第3章、式(1)、次の表を参照。",
            "table 1,figure 2,section 3,equation 1,table -",
        ),
        (
            "표 1과 그림 2를 참고. 부록 A, 식 (1), 다음 표를 보라.",
            "table 1,figure 2,appendix A,equation 1,table -",
        ),
    ] {
        let found = mentions(text);
        for mention in expected.split(',') {
            assert!(found.iter().any(|f| f == mention), "{text}: {mention} not in {found:?}");
        }
    }
}

#[test]
fn forms_of_numbers_in_text() {
    for (text, expected) in [
        ("see Table Three", "table 3"),
        ("see Table S1", "table S1"),
        ("see Fig. 1a", "figure 1a"),
        ("see Fig. 1(a)", "figure 1a"),
        ("see Table A.1", "table A.1"),
        ("see Table 3-2", "table 3.2"),
        ("see **Table** 3", "table 3"),
        ("see Figure 1—figure supplement 2", "figure 1-s2"),
        ("见表１", "table 1"),
        ("见表一", "table 1"),
        ("參見表格 2.18。", "table 2.18"),
        ("See Table 2.11 for it.", "table 2.11"),
        ("見表 1－2", "table 1.2"),
        ("請參見圖 3", "figure 3"),
        ("見圖片 3", "figure 3"),
        ("如圖 三 所示", "figure 3"),
        ("見【圖 3】和「表 1」", "table 1"),
        ("如上表所示", "table -"),
        ("下方圖是主視窗", "figure -"),
        ("见图①", "figure 1"),
        ("(<표 2>)", "table 2"),
        ("see Fig.\u{a0}3", "figure 3"),
    ] {
        assert!(mentions(text).contains(&expected.to_owned()), "{text}: {:?}", mentions(text));
    }
}

#[test]
fn a_text_that_ends_too_early_is_truncated() {
    let text = "The results are given in Table 4, and we discuss them at length in the next part, \
                where the method that was described above is applied to all of the";
    assert_eq!(findings(text), ["table 4 truncated"]);
}

#[test]
fn pages_of_one_work_resolve_each_other() {
    let detector = Detector::embedded().unwrap();
    let mut scratch = DetectorBuffers::default();
    let (mut first, mut second) = (Found::default(), Found::default());
    detector.find("See Table 7 for all of it.\n", &mut scratch, &mut first);
    detector.find(
        &format!("Table 7. It\n\n{TABLE}\n\nAs Table 7 shows."),
        &mut scratch,
        &mut second,
    );
    assert_eq!(first.findings.len(), 1);
    let mut group = TargetKeys::default();
    group.merge(&TargetKeys::of(&second.scan.targets));
    detector.resolve(&first.scan, Some(&group), &mut first.findings);
    assert!(first.findings.is_empty());
}

#[test]
fn hostile_texts_are_bounded() {
    let rows = "a|b\n".repeat(300_000);
    for text in [
        "Table 1 ".repeat(600_000),
        "|".repeat(5_000_000),
        "[1]".repeat(1_500_000),
        "\n".repeat(5_000_000),
        "Figs. 1-1000000 ".repeat(300_000),
        "<table ".repeat(700_000),
        "```\n".repeat(1_000_000),
        "`Table 1` ".repeat(400_000),
        "----\na\n".repeat(600_000),
        "the following table: \n".repeat(200_000),
        "See Table 1.\n\n".to_owned() + &rows,
        "(".repeat(3_000_000) + " Table 1",
        "表1".repeat(800_000),
        "](#a)".repeat(900_000),
    ] {
        let start = std::time::Instant::now();
        let found = find(&text);
        assert!(found.scan.mentions.len() < MENTIONS_MAX + 64);
        let seconds = start.elapsed().as_secs();
        assert!(seconds < 20, "{seconds} s: {}", text.chars().take(30).collect::<String>());
    }
}

#[test]
fn spans_and_words_of_a_finding() {
    let text = "Intro here. See Fig. 3 for more. The end.";
    let found = find(text);
    let finding = found.findings.first().unwrap();
    assert_eq!(finding.span.of(text), "Fig. 3");
    assert_eq!(finding.form, Form::Numbered);
    let sentence = Detector::embedded().unwrap().sentence_span(text, finding.span);
    assert_eq!(sentence.of(text), "See Fig. 3 for more. ");
    assert!(finding.looked_for.to_string().starts_with("figure 3; neither object nor caption"));
    assert_eq!(Span::new(3, 900).of(text), "");
}

#[test]
fn every_language_file_is_read() {
    for code in super::ReferenceLanguage::codes() {
        assert!(Detector::new(&[code]).is_ok(), "{code}");
    }
    assert!(Detector::new(&["xx"]).is_err());
}

#[test]
fn objects_in_plain_protocol_text_are_objects() {
    let mut wrong = Vec::new();
    for text in [
        // code that ends in dots, with its caption right below
        "   It is encoded without a branch (Figure 2).  This helps.\n\n   void encode(int n) {\n     if (n < 24)\n       *p++ = n;\n     else\n          ...\n             Figure 2: Encoding a Signed Integer\n\n   We go on here.\n",
        // rows with rules of dashes between them
        "   This is depicted in Table 1.\n\n      LSR  |  Link  |  MTU\n      --------------------\n       F   |    -   |  655\n      --------------------\n       E   |    R   |  446\n      --------------------\n                Table 1\n\n   We go on here.\n",
        // deeper lines that begin with a number
        "   The current values are described in Section 7 and are the\n   following:\n\n      0   Success\n\n      128 Failure, reason unspecified\n\n   We go on here.\n",
        "   The following is an example of an object with another one inside it:\n\n   {\n     \"a\": 1\n   }\n",
        // a heading between the words and the code
        "## Sample\n\n### Description\n\nThe following sample shows how to use it:\n\n### Code\n\n```c\nx = 1;\n```\n",
        // code that belongs to a heading
        "For an example, see Example 2.\n\n### Example 1: A\n\nText.\n\n```\na\n```\n\n### Example 2: B\n\nFirst a word about it.\n\n> Note that it is so.\n> And so on.\n\nThen more words.\n\nAnd more.\n\nAnd more.\n\nAnd more.\n\n```\nb\n```\n\n### Example 3: C\n\n```\nc\n```\n",
        // code in the paragraph itself
        "If so, run the following command as root: apt-get install aptitude. If not, ask for it.\n\n# Next\n\nText.\n",
        "Here the following code was used to change it. \\let\\saved=\\label Note that it works.\n\n# Next\n\nText.\n",
        "[In This Article](#top)\n\n## One\n\nText.\n",
        "Write ``expr[\"field\"][\"of\"]`` or a[\"b\"][\"c\"].\n\n[x]: http://example.org\n",
        "-   Bertot, J. C., et al. (2012). A. _Journal_.\n-   Bertot, J. D., et al. (2013). B. _Journal_.\n",
        "The Device Directive has procedures, from the declaration (Annex VII) for Class I to verification (Annex IV).\n",
        "ナビゲーター上の表示がグラデーション背景つきになります。\n",
        "AASTeXには，自前の図関連コマンドがありますが，標準の方がずっとよいです。\n",
    ] {
        if !defects(text).is_empty() {
            wrong.push(format!("{text}: {:?}", defects(text)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn places_in_standards_are_of_other_works() {
    for text in [
        "A defect (See T1.231 Section 6.5.2.2 and G.826 Section 7.1).\n\n1.1 One\n\nText.\n\n1.2 Two\n\nText.\n",
        "REFERENCE\n   \"OSPF Version 2, Appendix C.6 Host route parameters\"\n",
        "   Y: 13 63 A1 85 04 8C EC 33 FD 1A\n   X: 32 CC EC 00 CE 6F\n",
        "M ::= SEQUENCE {\n  a [1] CertReqMessages, b [2] CertRepMessage, c [3] CAKeyUpd, d [4] CertAnnContent }\n",
        "   The model (shown in Figure 1) may be drawn.\n\n\n                 TELNET\n              +----------+      +-----+\n              |  server  |----->|  a  |\n              +----------+      +-----+\n\n\n                FIGURE 1 Model for its Use\n\n   We go on.\n",
        "   The heading is shown in Figure 21.\n\n    3           2           1\n   1 0 9 8 7 6 5 4 3 2 1 0 9 8 7 6 5 4 3 2 1 0\n   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+\n\n              Fig. 21: Bit Numbering\n\n   We go on.\n",
        "   Figure 2 shows the protocol exchange.\n\n    ---- EAP-Initiate/ ----> ----AAA(EAP-Initiate/ ---->\n          Re-auth/                  Re-auth/\n         [Bootstrap]              [Bootstrap])\n\n   Note: [] brackets indicate optionality.\n\n                  Figure 2: Exchange\n\n   We go on.\n",
        "   The syntax is given in Figure 2.\n\n   attribute   =/ attr-a\n   attr-a      =  a SP b\n   UHEX        =  DIGIT / %x41-46 ; A-F\n\n   Figure 2: Syntax of the Attribute\n\n   We go on.\n",
    ] {
        assert!(defects(text).is_empty(), "{text}: {:?}", defects(text));
    }
}

#[test]
fn what_reading_a_sample_found() {
    for text in [
        "Be on [IRC][^IRC] to help.\n\n[^IRC]: The channel.\n\n[x]: http://example.org\n",
        "Year-end charts\n\n  Chart (1967)              Position\n  ------------------------- ----------\n  Australian Albums Chart   16\n",
        "It shows the IPCC fig. 2.20 as a graph of its own. And again the IPCC fig. 2.21 too.\n",
        "See especially footnote 4. In his book he presents another solution of it.\n",
        "See [above](#overload).\n\n#### Poor interaction with index { #overload }\n\nText.\n",
        "param ( [Parameter(Mandatory = $true)][int] $p1 )\n\n[x]: http://example.org\n",
        "The charts below compare the means of all that was measured in it.\n\nSome words on what they are.\n\nAnd some more words that say how it was done, and how often, and when, and by whom, and why, so that the table stands far below, further than other things may stand from what announces them in a text like this.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n",
        "The caption to Figure 4-40 (p.\u{a0}149) says that the injury may be the result of a wave.\n",
        "The following video coding formats are supported. MPEG-4 Part 2, H.263 and others.\n",
        "The following image file types are supported: `*.png`, `*.gif`\n\n## Next\n\nText.\n",
        "    Q1 = 24 - 0.5 Q2 [1.1]\n    Q2 = 96 - 2 Q1 [1.2]\n\nEquation 1.1 is the reaction function. Equation 1.2 is the other.\n",
        "See [Create](#notes-1).\n\n### Notes\n\nA.\n\n### Notes\n\nB.\n",
        "See [above](#users-might-write-f-fut-over-g).\n\n### Users might write `F<Fut>` over `G`\n\nA.\n",
        "It was [conservative][#22246].\n\n[#22246]: https://example.org\n",
        "The message is [Microsoft][ODBC Driver][SQL Server].\n\n[x]: http://example.org\n",
        "## Example 1\n\nText.\n\n### Code\n\n```cpp\na\n```\n\n## Example 2\n\nWe use the class declared in Example 1.\n\n### Code\n\n```cpp\nb\n```\n",
    ] {
        assert!(defects(text).is_empty(), "{text}: {:?}", defects(text));
    }
}
