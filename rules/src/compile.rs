//! Conditions become typed expressions of the engine.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, LazyLock};

use datafusion::arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{
    Column, DFSchema, DataFusionError, ScalarValue, SchemaError, TableReference, plan_err,
};
use datafusion::functions::core::expr_fn::nullif;
use datafusion::logical_expr::{
    BinaryExpr, Expr, ExprSchemable, Operator, SortExpr, TryCast, Volatility, lit,
};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::prelude::SessionContext;
use datafusion::sql::sqlparser::ast::OrderByExpr;
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::parser::Parser;
use datafusion::sql::sqlparser::tokenizer::Token;

use crate::annotators::dangling::{FAMILY, is_of_references};
use crate::annotators::{self, ANNOTATORS, ValueType};
use crate::comparison::{Comparison, check_types, comparisons};
use crate::error::{Problem, RuleError};
use crate::explain::bound;
use crate::findings::{self, FINDINGS};
use crate::nearest::suggest;
use crate::percentile;
use crate::ranges::{self, Provable};
use crate::resources;
use crate::rule_set::{Action, Place, RuleSet};
use crate::spec::{AnnotateSpec, RuleEdit, StageSpec, arrow_type, column_name};
use crate::urls;

/// A rule set ready to run.
#[derive(Debug)]
pub struct Compiled {
    /// What the annotating function is told.
    pub spec: AnnotateSpec,
    /// What conditions read: the flat annotation columns, then the foreign columns.
    pub input_schema: SchemaRef,
    /// The flat annotation columns.
    pub annotations: Vec<Field>,
    /// Derived annotations that conditions use.
    pub derived: Vec<Derived>,
    /// The conditions, in the order of their rules.
    pub conditions: Vec<Condition>,
    /// The order among duplicates, over the input schema: the first survives. Empty means input
    /// order.
    pub survivor: Vec<SortExpr>,
    /// The columns with the tokens of every document, as it was read and after all edits, where
    /// they are counted.
    pub token_columns: Option<[String; 2]>,
}

/// A derived annotation.
#[derive(Debug)]
pub struct Derived {
    /// Its flat name.
    pub column: String,
    /// Its value, over the input schema.
    pub expr: Arc<dyn PhysicalExpr>,
}

/// The condition of one rule.
#[derive(Debug)]
pub struct Condition {
    /// Number of the rule.
    pub rule: usize,
    /// Boolean, over the input schema.
    pub expr: Arc<dyn PhysicalExpr>,
    /// What it compares with what.
    pub comparisons: Vec<Comparison>,
}

static SESSION: LazyLock<SessionContext> = LazyLock::new(|| {
    let session = SessionContext::new();
    for function in urls::functions() {
        session.register_udf(function.as_ref().clone());
    }
    session
});

/// What precedes the name of an annotation that is measured before any edit.
const ORIGINAL: &str = "original";
/// The annotation that is measured wherever tokens are counted.
pub const TOKEN_COUNT: &str = "token_count";

struct Compiler<'a> {
    set: &'a RuleSet,
    percentiles: &'a BTreeMap<String, f64>,
    /// For each stage from 1, the last stage up to it that edits, or 1.
    seen_at: Vec<usize>,
    used: BTreeSet<(usize, String)>,
    problems: Vec<Problem>,
}

/// A typed expression whose columns have flat names, before it is bound to places.
struct Flat {
    expr: Expr,
    derived: Vec<(String, Expr)>,
}

pub(crate) fn compile(
    set: &RuleSet,
    percentiles: &BTreeMap<String, f64>,
) -> Result<Compiled, RuleError> {
    let stages = set.rules().iter().map(|rule| rule.stage).max().unwrap_or(1);
    let mut compiler = Compiler {
        set,
        percentiles,
        seen_at: seen_at(set, stages),
        used: BTreeSet::new(),
        problems: Vec::new(),
    };
    let mut flats: Vec<(usize, Flat)> = Vec::new();
    let mut derived: BTreeMap<String, Expr> = BTreeMap::new();
    for (number, rule) in set.rules().iter().enumerate() {
        let Some(sql) = &rule.condition else { continue };
        if let Some(flat) =
            compiler.condition(&rule.id, sql, rule.stage, &rule.at, rule.action == Action::Keep)
        {
            derived.extend(flat.derived.iter().cloned());
            flats.push((number, flat));
        }
    }
    for name in set.measured() {
        let needs = set.annotator(name).is_some_and(|one| one.needs_tokenizer());
        if needs && set.tokenizer().is_none() {
            compiler.problems.push(Problem::new("annotations", no_tokenizer(name)));
        } else if set.annotator(name).is_some() {
            compiler.used.insert((1, name.clone()));
        } else {
            let message = format!("there is no annotation '{name}'{}", nearest(name));
            compiler.problems.push(Problem {
                file: "annotations".to_owned(),
                line: 0,
                column: 0,
                message,
            });
        }
    }
    compiler.whole_family();
    let token_columns = compiler.token_counts(stages);
    let survivor = set.survivor().map(|order_by| compiler.survivor(order_by, stages));
    if !compiler.problems.is_empty() {
        return Err(RuleError { problems: compiler.problems });
    }
    let spec = compiler.spec(stages)?;
    let annotations = spec.annotation_fields()?;
    let mut fields = annotations.clone();
    let foreign = set.columns().iter();
    fields.extend(foreign.map(|column| Field::new(&column.name, column.data_type.clone(), true)));
    let input_schema = Arc::new(Schema::new(fields));
    let failed = |error: DataFusionError| RuleError::whole("rules", error.strip_backtrace());
    let bound = DFSchema::from_unqualified_fields(input_schema.fields().clone(), HashMap::new())
        .map_err(failed)?;
    let bind = |expr: &Expr| SESSION.create_physical_expr(expr.clone(), &bound).map_err(failed);
    let mut conditions = Vec::new();
    for (rule, flat) in &flats {
        let mut found = Vec::new();
        comparisons(&flat.expr, &mut found);
        conditions.push(Condition {
            rule: *rule,
            expr: bind(&inline(&flat.expr, &derived).map_err(failed)?)?,
            comparisons: found,
        });
    }
    let derived = derived
        .iter()
        .map(|(column, expr)| Ok(Derived { column: column.clone(), expr: bind(expr)? }))
        .collect::<Result<_, RuleError>>()?;
    let survivor = survivor.unwrap_or_default();
    Ok(Compiled { spec, input_schema, annotations, derived, conditions, survivor, token_columns })
}

/// For each stage from 1: the stage whose text it sees.
fn seen_at(set: &RuleSet, stages: usize) -> Vec<usize> {
    let edits = |stage: usize| {
        set.rules().iter().any(|rule| rule.stage == stage && rule.condition.is_none())
    };
    let mut last = 0;
    let seen = (0..=stages).map(|stage| {
        if stage == 1 || edits(stage) {
            last = stage;
        }
        last
    });
    seen.collect()
}

/// The expression with derived annotations written out.
fn inline(expr: &Expr, derived: &BTreeMap<String, Expr>) -> datafusion::common::Result<Expr> {
    let whole = expr.clone().transform_up(|expr| {
        Ok(match &expr {
            Expr::Column(column) => match derived.get(&column.name) {
                Some(inner) => Transformed::yes(inner.clone()),
                None => Transformed::no(expr),
            },
            _ => Transformed::no(expr),
        })
    })?;
    Ok(whole.data)
}

impl Compiler<'_> {
    fn spec(&self, stages: usize) -> Result<AnnotateSpec, RuleError> {
        let of = |stage: usize| -> Vec<String> {
            self.used.iter().filter(|(at, _)| *at == stage).map(|(_, name)| name.clone()).collect()
        };
        let mut specs: Vec<StageSpec> = (1..=stages)
            .map(|stage| StageSpec { edits: Vec::new(), annotations: of(stage) })
            .collect();
        for (number, rule) in (0_u32..).zip(self.set.rules()) {
            if rule.action.edit().is_some() {
                specs[rule.stage - 1].edits.push(RuleEdit { number, rule: rule.action_keys() });
            }
        }
        let names = self.used.iter().map(|(_, name)| name.as_str());
        let spec = AnnotateSpec {
            original: of(0),
            stages: specs,
            minhash: None,
            no_content_hash: false,
            resources: resources::used(self.set.resources(), names),
            // named only where tokens are counted: it takes a moment to read
            tokenizer: self.set.tokenizer().filter(|_| self.asks_for_tokens()).cloned(),
        };
        // a rule set that compiles has edits that do
        spec.edit_stages()?;
        Ok(spec)
    }

    fn asks_for_tokens(&self) -> bool {
        self.used
            .iter()
            .any(|(_, name)| self.set.annotator(name).is_some_and(|one| one.needs_tokenizer()))
    }

    /// Where every document is counted: the columns with its tokens before and after all edits.
    fn token_counts(&mut self, stages: usize) -> Option<[String; 2]> {
        if !self.set.counts_tokens() {
            return None;
        }
        let last = self.seen_at[stages];
        let edits = self.set.rules().iter().any(|rule| rule.condition.is_none());
        let stages = [if edits { 0 } else { last }, last];
        self.used.extend(stages.map(|stage| (stage, TOKEN_COUNT.to_owned())));
        Some(stages.map(|stage| column_name(stage, TOKEN_COUNT)))
    }

    /// An annotation of `expr` that cannot be measured without a tokenizer, where there is none.
    fn lacks_tokenizer(&self, expr: &Expr) -> Option<String> {
        if self.set.tokenizer().is_some() {
            return None;
        }
        let mut names: Vec<&str> =
            expr.column_refs().iter().map(|column| column.name.as_str()).collect();
        names.sort_unstable();
        let needs = |name: &&str| self.set.annotator(name).is_some_and(|one| one.needs_tokenizer());
        names.into_iter().find(needs).map(str::to_owned)
    }

    /// Where a rule asks for references, all that the report tells of them is measured.
    fn whole_family(&mut self) {
        let stages = self.used.iter().filter(|(_, name)| is_of_references(name));
        if let Some(stage) = stages.map(|(stage, _)| *stage).max() {
            self.used.extend(FAMILY.iter().map(|name| (stage, (*name).to_owned())));
        }
    }

    /// The names that an expression may use: annotations, `original.` annotations, columns, and
    /// the derived annotations given. Dotted names are fields of structs.
    fn schema(&self, derived: &[(String, DataType)]) -> datafusion::common::Result<DFSchema> {
        let mut names = Names::default();
        for annotator in ANNOTATORS {
            names.insert(&[annotator.name()], &arrow_type(*annotator));
            names.insert(&[ORIGINAL, annotator.name()], &arrow_type(*annotator));
        }
        for name in resources::names(self.set.resources()) {
            let Some(annotator) = self.set.annotator(&name) else { continue };
            names.insert(&[&name], &arrow_type(&*annotator));
            names.insert(&[ORIGINAL, &name], &arrow_type(&*annotator));
        }
        for column in self.set.columns() {
            let path: Vec<&str> = column.name.split('.').collect();
            names.insert(&path, &column.data_type);
        }
        for (name, data_type) in derived {
            names.insert(&[name], data_type);
        }
        DFSchema::from_unqualified_fields(names.fields(), HashMap::new())
    }

    fn condition(
        &mut self,
        id: &str,
        sql: &str,
        stage: usize,
        at: &Place,
        keeps: bool,
    ) -> Option<Flat> {
        let mut derived: Vec<(String, DataType)> = Vec::new();
        let mut inner: BTreeMap<String, Expr> = BTreeMap::new();
        self.dangling(sql, stage, at, &mut derived, &mut inner)?;
        self.url_lists(sql, stage, at, &mut derived, &mut inner)?;
        let mut waiting: Vec<_> = self.set.derived().to_vec();
        // a derived annotation may use others whatever their order; what is left over is a circle
        while !waiting.is_empty() {
            let before = waiting.len();
            let later: Vec<String> = waiting.iter().map(|one| one.name.clone()).collect();
            let mut still = Vec::new();
            for one in waiting {
                let needs_later =
                    later.iter().any(|name| *name != one.name && mentions(&one.sql, name));
                if needs_later {
                    still.push(one);
                    continue;
                }
                let (expr, data_type) = self.typed(&one.sql, &derived, &one.at)?;
                let flat = self.flatten(expr, stage, &derived, &one.at)?;
                let flat = match inline(&flat, &inner) {
                    Ok(flat) => flat,
                    Err(error) => {
                        self.problems.push(self.explain(&error, &one.sql, &one.at));
                        return None;
                    }
                };
                inner.insert(column_name(self.seen_at[stage], &one.name), flat);
                derived.push((one.name, data_type));
            }
            if still.len() == before {
                let problem = self.set.problem(
                    &still[0].at,
                    format!("annotation '{}' is derived from itself", still[0].name),
                );
                self.problems.push(problem);
                return None;
            }
            waiting = still;
        }
        let (expr, data_type) = self.typed(sql, &derived, at)?;
        if data_type != DataType::Boolean {
            let message =
                format!("rule '{id}': the condition is {data_type}, it must be true or false");
            self.problems.push(self.set.problem(at, message));
            return None;
        }
        // a percentile is a number of this corpus: a rule that fires for none of it is fine
        let fixed = percentile::all(std::iter::once(sql)).is_empty();
        if let Some(proved) = ranges::provable(&expr, keeps).filter(|_| fixed) {
            let what = match proved {
                Provable::Never => "can never fire",
                Provable::Always => "fires for every document",
            };
            let message = format!("rule '{id}' {what}: {}", known_ranges(&expr));
            self.problems.push(self.set.problem(at, message));
            return None;
        }
        let flat = self.flatten(expr, stage, &derived, at)?;
        let mut used: Vec<(String, Expr)> = Vec::new();
        for (name, expr) in inner {
            let is_used = flat.column_refs().iter().any(|column| column.name == name);
            if is_used {
                used.push((name, expr));
            }
        }
        Some(Flat { expr: flat, derived: used })
    }

    /// Makes every call of `dangling` that the condition or a derived annotation holds a derived
    /// annotation of its own.
    fn dangling(
        &mut self,
        sql: &str,
        stage: usize,
        at: &Place,
        derived: &mut Vec<(String, DataType)>,
        inner: &mut BTreeMap<String, Expr>,
    ) -> Option<()> {
        for (sql, at) in asking(self.set, sql, at) {
            let wanted = match findings::calls(sql) {
                Ok(wanted) => wanted,
                Err(message) => {
                    self.problems.push(self.set.problem_at_word(at, "dangling", message));
                    return None;
                }
            };
            for one in wanted {
                let name = one.column();
                if derived.iter().any(|(known, _)| *known == name) {
                    continue;
                }
                let all = Expr::Column(Column::new_unqualified(FINDINGS));
                let count = findings::dangling_udf().call(vec![all, lit(one.canonical())]);
                let flat = self.flatten(count, stage, &[], at)?;
                inner.insert(column_name(self.seen_at[stage], &name), flat);
                derived.push((name, DataType::Int64));
            }
        }
        Some(())
    }

    /// Makes every list that the condition or a derived annotation asks for a derived annotation
    /// of its own: the entry that the address is under.
    fn url_lists(
        &mut self,
        sql: &str,
        stage: usize,
        at: &Place,
        derived: &mut Vec<(String, DataType)>,
        inner: &mut BTreeMap<String, Expr>,
    ) -> Option<()> {
        for (sql, at) in asking(self.set, sql, at) {
            for name in urls::calls(sql) {
                let column = urls::column(&name);
                if derived.iter().any(|(known, _)| *known == column) {
                    continue;
                }
                let lists = self.set.url_lists();
                let Some(list) = lists.iter().find(|list| list.reference.name == name) else {
                    let near =
                        suggest(&name, lists.iter().map(|list| list.reference.name.as_str()));
                    let message = format!("there is no list '{name}' under 'url_lists'{near}");
                    self.problems.push(self.set.problem_at_word(at, &name, message));
                    return None;
                };
                let address = Expr::Column(Column::new_unqualified(&list.column));
                let entry = urls::listed().call(vec![address, lit(list.reference.to_json())]);
                inner.insert(column_name(self.seen_at[stage], &column), entry);
                derived.push((column, DataType::Utf8));
            }
        }
        Some(())
    }

    /// The keys of an ORDER BY expression; documents for which a key is NULL come last unless it
    /// says otherwise.
    fn survivor(&mut self, order_by: &str, stages: usize) -> Vec<SortExpr> {
        let before = self.problems.len();
        let keys = match order_keys(order_by) {
            Ok(keys) => keys,
            Err(message) => {
                self.problems.push(Problem::new(
                    "survivor",
                    format!("'{order_by}' is no ORDER BY expression: {message}"),
                ));
                return Vec::new();
            }
        };
        let mut sorted = Vec::new();
        for key in keys {
            if let Some((expr, _)) = self.typed(&key.expr.to_string(), &[], &Place::default()) {
                let Some(expr) = self.flatten(expr, stages, &[], &Place::default()) else {
                    continue;
                };
                let ascending = key.options.asc.unwrap_or(true);
                sorted.push(expr.sort(ascending, key.options.nulls_first.unwrap_or(false)));
            }
        }
        // the expression stands on the command line or in the configuration, not in a rule file
        for problem in self.problems.iter_mut().skip(before) {
            *problem = Problem::new("survivor", format!("'{order_by}': {}", problem.message));
        }
        sorted
    }

    /// Parses and types an expression; what is wrong is noted with its place.
    fn typed(
        &mut self,
        sql: &str,
        derived: &[(String, DataType)],
        at: &Place,
    ) -> Option<(Expr, DataType)> {
        for percentile in percentile::all(std::iter::once(sql)) {
            let name = &percentile.annotation;
            let Some(annotator) = self.set.annotator(name) else {
                let message = format!("there is no annotation '{name}'{}", self.nearest(name));
                self.problems.push(self.set.problem_at_word(at, name, message));
                return None;
            };
            if matches!(annotator.value_type(), ValueType::Text | ValueType::Findings) {
                let message = format!("a percentile is of numbers, and '{name}' is none");
                self.problems.push(self.set.problem_at_word(at, name, message));
                return None;
            }
            if self.set.tokenizer().is_none()
                && self.set.annotator(name).is_some_and(|one| one.needs_tokenizer())
            {
                self.problems.push(self.set.problem_at_word(at, name, no_tokenizer(name)));
                return None;
            }
        }
        let filled = match percentile::fill(sql, self.percentiles) {
            Ok(filled) => filled,
            Err(call) => {
                let message = format!("no value is given for {call}; tests give it under 'given'");
                let word = call.split('(').next().unwrap_or_default().to_owned();
                self.problems.push(self.set.problem_at_word(at, &word, message));
                return None;
            }
        };
        let filled = urls::named(&findings::named(&filled));
        let work = || -> Result<(Expr, DataType, Option<String>), DataFusionError> {
            let schema = self.schema(derived)?;
            let expr = SESSION.parse_sql_expr(&filled, &schema)?;
            let data_type = expr.get_type(&schema)?;
            check_types(&expr, &schema)?;
            let expr = dotted(forgiving(expr)?)?;
            let refused = forbidden(&expr)?;
            Ok((expr, data_type, refused))
        };
        match work() {
            Ok((expr, data_type, refused)) => match refused {
                None => {
                    if let Some(name) = self.lacks_tokenizer(&expr) {
                        let message = no_tokenizer(&name);
                        self.problems.push(self.set.problem_at_word(at, &name, message));
                        return None;
                    }
                    Some((expr, data_type))
                }
                Some(message) => {
                    self.problems.push(self.set.problem(at, message));
                    None
                }
            },
            Err(error) => {
                let problem = self.explain(&error, sql, at);
                self.problems.push(problem);
                None
            }
        }
    }

    /// An error of the engine in words of a rule file, at the word it is about.
    fn explain(&self, error: &DataFusionError, sql: &str, at: &Place) -> Problem {
        if let DataFusionError::SchemaError(inner, _) = error.find_root()
            && let SchemaError::FieldNotFound { field, .. } = inner.as_ref()
        {
            let name = field.name.clone();
            let near = self.nearest(&name);
            let written = match &field.relation {
                Some(path) => format!("{path}.{name}"),
                None => name.clone(),
            };
            let message = format!(
                "there is no annotation or column '{written}'{near}; a column of the documents must be declared under 'columns'"
            );
            return self.set.problem_at_word(at, &name, message);
        }
        let text = error.find_root().strip_backtrace();
        let text = text.lines().next().unwrap_or_default();
        // the engine says which of its steps refused; users want to read what is wrong
        for prefix in
            ["Error during planning: ", "SQL error: ", "This feature is not implemented: "]
        {
            if let Some(rest) = text.strip_prefix(prefix) {
                return self.sql_problem(rest, sql, at);
            }
        }
        self.sql_problem(text, sql, at)
    }

    /// What was probably meant by a name that is neither annotation nor column.
    fn nearest(&self, name: &str) -> String {
        let derived = self.set.derived().iter().map(|one| one.name.as_str());
        let columns = self.set.columns().iter();
        let columns = columns.map(|one| one.name.rsplit('.').next().unwrap_or_default());
        let own = resources::names(self.set.resources());
        let own = own.iter().map(String::as_str);
        let known = ANNOTATORS.iter().map(|one| one.name());
        suggest(name, known.chain(derived).chain(columns).chain(own))
    }

    /// A message that may carry its own line and column within the expression.
    fn sql_problem(&self, text: &str, sql: &str, at: &Place) -> Problem {
        let text = text.trim_start_matches("sql parser error: ");
        let bare = text.strip_prefix("ParserError(\"").and_then(|text| text.strip_suffix("\")"));
        let text = bare.unwrap_or(text);
        if let Some((sign, help)) = SIGNS.iter().find(|(sign, _)| sql.contains(sign)) {
            let line = sql.lines().find(|line| line.contains(sign)).unwrap_or_default();
            let before = line.split(sign).next().unwrap_or_default().chars().count();
            let place = self.set.place_within(at, line, before);
            let message = format!("the condition cannot be read: {text}; {help}");
            return self.set.problem(&place, message);
        }
        let help = if text.ends_with("found: EOF") { "; the condition ends too early" } else { "" };
        if let Some((said, line, column)) = parser_place(text) {
            let written = sql.lines().nth(line - 1).unwrap_or_default();
            let place = self.set.place_within(at, written, column - 1);
            return self.set.problem(&place, format!("the condition cannot be read: {said}{help}"));
        }
        let quoted = text.split('\'').nth(1).unwrap_or_default();
        let word: String =
            quoted.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let message = format!("the condition cannot be read: {text}{help}");
        if word.is_empty() {
            self.set.problem(at, message)
        } else {
            self.set.problem_at_word(at, &word, message)
        }
    }

    /// Gives every column its flat name and notes which annotations are needed where; what is wrong
    /// is noted with its place.
    fn flatten(
        &mut self,
        expr: Expr,
        stage: usize,
        derived: &[(String, DataType)],
        at: &Place,
    ) -> Option<Expr> {
        let seen = self.seen_at[stage];
        let mut used = Vec::new();
        let flat = expr.transform_up(|expr| {
            let Expr::Column(column) = &expr else { return Ok(Transformed::no(expr)) };
            let path = column.relation.as_ref().map(TableReference::table);
            let name = match path {
                Some(ORIGINAL) => {
                    used.push((0, column.name.clone()));
                    column_name(0, &column.name)
                }
                Some(path) => format!("{path}.{}", column.name),
                None if self.set.annotator(&column.name).is_some() => {
                    used.push((seen, column.name.clone()));
                    column_name(seen, &column.name)
                }
                None if derived.iter().any(|(name, _)| *name == column.name) => {
                    column_name(seen, &column.name)
                }
                None => column.name.clone(),
            };
            Ok(Transformed::yes(Expr::Column(Column::new_unqualified(name))))
        });
        self.used.extend(used);
        match flat {
            Ok(flat) => Some(flat.data),
            Err(error) => {
                self.problems.push(self.set.problem(at, error.strip_backtrace()));
                None
            }
        }
    }
}

/// Names by their steps, for a schema with a struct wherever a name has a dot.
#[derive(Default)]
struct Names(BTreeMap<String, Name>);

enum Name {
    Leaf(DataType),
    Inner(Names),
}

impl Names {
    fn insert(&mut self, path: &[&str], data_type: &DataType) {
        match path {
            [] => {}
            [name] => {
                self.0.insert((*name).to_owned(), Name::Leaf(data_type.clone()));
            }
            [first, rest @ ..] => {
                let inner = self
                    .0
                    .entry((*first).to_owned())
                    .or_insert_with(|| Name::Inner(Self::default()));
                if let Name::Inner(inner) = inner {
                    inner.insert(rest, data_type);
                }
            }
        }
    }

    fn fields(&self) -> Fields {
        let field = |(name, kind): (&String, &Name)| match kind {
            Name::Leaf(data_type) => Field::new(name, data_type.clone(), true),
            Name::Inner(inner) => Field::new(name, DataType::Struct(inner.fields()), true),
        };
        self.0.iter().map(field).collect()
    }
}

/// The expression with each access to a field of a struct as a column with a dotted name: the
/// path is its relation, the last step its name.
fn dotted(expr: Expr) -> datafusion::common::Result<Expr> {
    let whole = expr.transform_up(|expr| {
        let Expr::ScalarFunction(call) = &expr else { return Ok(Transformed::no(expr)) };
        let [Expr::Column(column), steps @ ..] = call.args.as_slice() else {
            return Ok(Transformed::no(expr));
        };
        let steps: Option<Vec<&str>> = steps
            .iter()
            .map(|step| match step {
                Expr::Literal(value, _) => value.try_as_str().flatten(),
                _ => None,
            })
            .collect();
        let Some((last, between)) = steps.as_deref().and_then(<[&str]>::split_last) else {
            return Ok(Transformed::no(expr));
        };
        if call.func.name() != "get_field" {
            return Ok(Transformed::no(expr));
        }
        let mut path: Vec<&str> = Vec::new();
        if let Some(TableReference::Bare { table }) = &column.relation {
            path.push(table);
        }
        path.push(&column.name);
        path.extend(between);
        let relation = TableReference::bare(path.join("."));
        Ok(Transformed::yes(Expr::Column(Column::new(Some(relation), *last))))
    })?;
    Ok(whole.data)
}

/// What is wrong where a rule asks for tokens and nobody counts them.
fn no_tokenizer(name: &str) -> String {
    format!(
        "annotation '{name}' counts tokens, and there is no tokenizer that counts all documents: name one with --tokenizer tokenizer.json, without --token-sample"
    )
}

/// What the annotations of an expression can be at all.
fn known_ranges(expr: &Expr) -> String {
    let mut found = Vec::new();
    comparisons(expr, &mut found);
    let mut told: Vec<String> = Vec::new();
    for comparison in found {
        let name = comparison.column.rsplit('.').next().unwrap_or_default();
        let Some(annotator) = annotators::find(name) else { continue };
        let (low, high) = annotator.range();
        let range = format!("{name} lies between {} and {}", bound(low), bound(high));
        if !told.contains(&range) {
            told.push(range);
        }
    }
    format!("{}; is the comparison the right way round?", told.join(", "))
}

/// What the parser says without its place, the line and the column; they count from 1.
fn parser_place(text: &str) -> Option<(&str, usize, usize)> {
    let (said, place) = text.rsplit_once(" at Line: ")?;
    let (line, column) = place.split_once(", Column: ")?;
    let digits = column.find(|c: char| !c.is_ascii_digit()).unwrap_or(column.len());
    let (line, column) = (line.parse().ok()?, column.get(..digits)?.parse().ok()?);
    (line > 0 && column > 0).then_some((said, line, column))
}

/// Signs of other languages, and what to write for them.
const SIGNS: &[(&str, &str)] = &[
    ("&&", "SQL writes 'and' for &&"),
    ("||", "SQL writes 'or' for ||"),
    ("==", "SQL writes = for =="),
    ("!(", "SQL writes 'not' for !"),
    ("\"", "SQL writes texts in single quotes, double ones hold names"),
];

/// Splits an ORDER BY expression into its keys.
fn order_keys(order_by: &str) -> Result<Vec<OrderByExpr>, String> {
    let mut parser = Parser::new(&GenericDialect {})
        .try_with_sql(order_by)
        .map_err(|error| error.to_string())?;
    let keys = parser
        .parse_comma_separated(Parser::parse_order_by_expr)
        .map_err(|error| error.to_string())?;
    match parser.peek_token().token {
        Token::EOF => Ok(keys),
        other => Err(format!("'{other}' was not expected")),
    }
}

/// Whether an expression holds `name` as a word.
fn mentions(sql: &str, name: &str) -> bool {
    sql.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == name)
}

/// One odd document must not end a run: what divides by zero, and what cannot be cast, is NULL,
/// which `on_null` decides.
fn forgiving(expr: Expr) -> datafusion::common::Result<Expr> {
    let whole = expr.transform_up(|expr| match expr {
        Expr::Cast(cast) => {
            Ok(Transformed::yes(Expr::TryCast(TryCast { expr: cast.expr, field: cast.field })))
        }
        Expr::BinaryExpr(binary) if matches!(binary.op, Operator::Divide | Operator::Modulo) => {
            if let Expr::Literal(value, _) = binary.right.as_ref() {
                let zero = value.cast_to(&DataType::Float64)? == ScalarValue::Float64(Some(0.0));
                return if zero {
                    plan_err!("the condition divides by zero")
                } else {
                    Ok(Transformed::no(Expr::BinaryExpr(binary)))
                };
            }
            let divisor = nullif(*binary.right, lit(0_i64));
            let right = Box::new(divisor);
            Ok(Transformed::yes(Expr::BinaryExpr(BinaryExpr { right, ..binary })))
        }
        other => Ok(Transformed::no(other)),
    })?;
    Ok(whole.data)
}

/// Parts of SQL that judge more than one document, or judge it differently each time.
fn forbidden(expr: &Expr) -> Result<Option<String>, DataFusionError> {
    let mut found = None;
    expr.apply(|expr| {
        found = match expr {
            Expr::AggregateFunction(call) => {
                Some(format!("{}() is an aggregate", call.func.name()))
            }
            Expr::WindowFunction(_) => Some("window functions look at other documents".to_owned()),
            Expr::ScalarSubquery(_) | Expr::InSubquery(_) | Expr::Exists(_) => {
                Some("subqueries look beyond the document".to_owned())
            }
            Expr::ScalarFunction(call)
                if call.func.signature().volatility != Volatility::Immutable =>
            {
                Some(format!("{}() gives another value each time", call.func.name()))
            }
            _ => None,
        };
        Ok(if found.is_some() { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    Ok(found.map(|what| format!("{what}; a condition judges one document by itself")))
}

/// ` (did you mean 'x'?)` where a name of an annotator is close.
pub(crate) fn nearest(name: &str) -> String {
    suggest(name, ANNOTATORS.iter().map(|one| one.name()))
}

/// A condition and the derived annotations, which may ask for the same, with their places.
fn asking<'a>(
    set: &'a RuleSet,
    sql: &'a str,
    at: &'a Place,
) -> impl Iterator<Item = (&'a str, &'a Place)> {
    set.derived().iter().map(|one| (one.sql.as_str(), &one.at)).chain([(sql, at)])
}
