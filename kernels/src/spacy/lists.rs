//! The exceptions as lists; all of them are what spaCy 3.8 keeps or cuts in English text.

/// Verbs before `n't`, which `'ve` can follow.
pub(super) const NEGATED: &str =
    "ca could do does did had may might must need ought sha should wo would";

/// Verbs before `n't` alone.
pub(super) const NEGATED_ONCE: &str = "ai are is was were have has dare";

/// Words before `'ve`.
pub(super) const OF_VERBS: &str = "could might must should would not";

/// Pronouns, the endings each can have, and the words that are not cut without their apostrophe.
pub(super) const PRONOUNS: &[(&str, &str, &str)] = &[
    ("i", "'m 'm|a 'll 'll|'ve 'd 'd|'ve 've", "ill"),
    ("he she it", "'ll 'll|'ve 'd 'd|'ve 's", "hell shell shed its"),
    ("we you they", "'ll 'll|'ve 'd 'd|'ve 're 've", "well were"),
    ("that this", "'ll 'll|'ve 'd 'd|'ve 's", ""),
    ("these those", "'ll 'll|'ve 'd 'd|'ve 're 've", ""),
    ("there who what when where why how", "'ll 'll|'ve 'd 'd|'ve 're 've 's", "whore"),
];

/// Words cut in two or three, with either apostrophe and with a capital.
pub(super) const SPLIT: &str = "can|not gon|na got|ta let|'s c'm|on how|'d|'y";

/// Runs cut just as they stand.
pub(super) const SPLIT_PLAIN: &str = "y'|all y’|all y|all °|c|. °|f|. °|k|. °|C|. °|F|. °|K|.";

/// What follows an hour.
pub(super) const CLOCK: [&str; 4] = ["am", "pm", "a.m.", "p.m."];

/// Runs kept whole.
pub(super) const WHOLE: &str = r#"
    doin doin' Doin Doin' goin goin' Goin Goin' nothin nothin' Nothin Nothin' nuthin nuthin'
    Nuthin Nuthin' ol ol' Ol Ol' somethin somethin' Somethin Somethin' em ll nuff and/or w/o
    ma'am Ma'am o'clock O'clock lovin' Lovin' lovin Lovin havin' Havin' havin Havin Mt. Ak. Ala.
    Apr. Ariz. Ark. Aug. Calif. Colo. Conn. Dec. Del. Feb. Fla. Ga. Ia. Id. Ill. Ind. Jan. Jul.
    Jun. Kan. Kans. Ky. La. Mar. Mass. Mich. Minn. Miss. N.C. N.D. N.H. N.J. N.M. N.Y. Neb.
    Nebr. Nev. Nov. Oct. Okla. Ore. Pa. S.C. Sep. Sept. Tenn. Va. Wash. Wis. a.m. Adm. Bros. co.
    Co. Corp. D.C. Dr. e.g. E.g. E.G. Gen. Gov. i.e. I.e. I.E. Inc. Jr. Ltd. Md. Messrs. Mo.
    Mont. Mr. Mrs. Ms. p.m. Ph.D. Prof. Rep. Rev. Sen. St. vs. v.s. doin’ Doin’ goin’ Goin’
    nothin’ Nothin’ nuthin’ Nuthin’ ol’ Ol’ somethin’ Somethin’ ma’am Ma’am o’clock O’clock
    lovin’ Lovin’ havin’ Havin’
    ' '' XD XDD xD 8D xDD 'em 'll 'nuff 'S 's ‘S ‘s 're 'Cause 'cause 'cos 'Cos 'coz 'Coz 'cuz
    'Cuz 'bout 'd ’ ’’ ’em ’ll ’nuff ’S ’s ’re ’Cause ’cause ’cos ’Cos ’coz ’Coz ’cuz ’Cuz ’bout
    ’d
    \t \n — \") <space> C++ @_@ :O 8) ): ^__^ O_O :* :D :0 :'-( 0_0 0.o [: :-X :-D :)) :-3 (-:
    :-) >.< :'-) </3 :-)) >:( :] (._.) (-8 :o ;_; (: :-((( )-: (ಠ_ಠ) =] (; :-(( :-( v.v :o) ;)
    ._. :-> :-] :-p :((( ;-) 0.0 =[ -__- >.> (-_-) <3 o.o :-))) 8-D ¯\(ツ)/¯ o.O :p :'( 8-) :)
    <.< :3 :X >:o ><(((*> :/ :-/ (>_<) ;D <333 O_o o_0 :-} ಠ_ಠ :| ಠ︵ಠ (-; (^_^) =( ]= <33 :1 :-0
    (╯°□°）╯︵┻━┻ :-* (o: O.o V.V :(( [= O.O (= ^_^ o_o (*_*) :() o.0 :-o :-O V_V o_O [-: =/ :}
    0_o :( :') ;-D =| -_- (¬_¬) =3 :x ^___^ =) =D :> :))) :-| :-x v_v :-P :P :’-( :’-) :’( :’)
"#;
