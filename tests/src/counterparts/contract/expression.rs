//! One look at a query: each selector against the contract, and the labels of each part, told from its parts'.

use std::collections::BTreeSet;

use promql_parser::{
    label::{METRIC_NAME, MatchOp, Matcher},
    parser::{
        self, AggregateExpr, BinModifier, BinaryExpr, Call, Expr, LabelModifier,
        VectorMatchCardinality, VectorSelector, token, value::ValueType,
    },
};

use super::metric::{Checked, Contract, Kind, Series, Values};

/// For what only grows.
const OF_COUNTERS: [&str; 4] = ["rate", "irate", "increase", "resets"];
/// For what goes up and down.
const OF_GAUGES: [&str; 6] = [
    "delta",
    "idelta",
    "deriv",
    "predict_linear",
    "avg_over_time",
    "quantile_over_time",
];

/// The names of labels; `None` where any may be there.
type Names = Option<BTreeSet<String>>;

pub(super) fn check(contract: &Contract, query: &str) -> Checked {
    let mut look = Look {
        contract,
        problems: vec![],
        metrics: BTreeSet::new(),
    };
    let labels = match parser::parse(query) {
        Ok(expr) => look.at(&expr),
        Err(error) => {
            let problem = format!("{query:?} is no query: {error}");
            look.problems.push(problem);
            None
        }
    };
    Checked {
        problems: look.problems,
        metrics: look.metrics,
        labels,
    }
}

struct Look<'a> {
    contract: &'a Contract,
    problems: Vec<String>,
    metrics: BTreeSet<String>,
}

impl Look<'_> {
    /// The labels of what it answers.
    fn at(&mut self, expr: &Expr) -> Names {
        match expr {
            Expr::Aggregate(aggregate) => self.at_aggregate(aggregate),
            Expr::Unary(unary) => self.at(&unary.expr),
            Expr::Binary(binary) => self.at_binary(binary),
            Expr::Paren(paren) => self.at(&paren.expr),
            Expr::Subquery(subquery) => self.at(&subquery.expr),
            Expr::NumberLiteral(_) | Expr::StringLiteral(_) => Some(BTreeSet::new()),
            Expr::VectorSelector(selector) => self.at_selector(selector),
            Expr::MatrixSelector(selector) => self.at_selector(&selector.vs),
            Expr::Call(call) => self.at_call(call),
            Expr::Extension(_) => None,
        }
    }

    fn at_selector(&mut self, selector: &VectorSelector) -> Names {
        let all = &selector.matchers;
        let matchers = || all.matchers.iter().chain(all.or_matchers.iter().flatten());
        let named = matchers().find(|matcher| matcher.name == METRIC_NAME);
        let name = match (&selector.name, named) {
            (Some(name), None) => name,
            (None, Some(matcher)) if matcher.op == MatchOp::Equal => &matcher.value,
            _ => {
                let problem = format!("{selector} names no metric; expected one name");
                self.problems.push(problem);
                return None;
            }
        };
        let series = match self.contract.series(name) {
            Ok(series) => series,
            Err(problem) => {
                self.problems.push(problem);
                return None;
            }
        };
        self.metrics.insert(series.metric.clone());
        for matcher in matchers().filter(|matcher| matcher.name != METRIC_NAME) {
            self.problems.extend(problem(&series, name, matcher));
        }
        Some(series.labels.into_keys().collect())
    }

    fn at_aggregate(&mut self, aggregate: &AggregateExpr) -> Names {
        if let Some(parameter) = &aggregate.param {
            self.at(parameter);
        }
        let labels = self.at(&aggregate.expr);
        let keeps_all = [token::T_TOPK, token::T_BOTTOMK].contains(&aggregate.op.id());
        let answered = match &aggregate.modifier {
            None => Some(BTreeSet::new()),
            Some(LabelModifier::Include(kept)) => {
                self.need(&labels, &kept.labels, &aggregate.expr);
                Some(kept.labels.iter().cloned().collect())
            }
            Some(LabelModifier::Exclude(left_out)) => {
                self.need(&labels, &left_out.labels, &aggregate.expr);
                without(&labels, &left_out.labels)
            }
        };
        if keeps_all { labels } else { answered }
    }

    fn at_binary(&mut self, binary: &BinaryExpr) -> Names {
        let left = self.at(&binary.lhs);
        let right = self.at(&binary.rhs);
        match (binary.lhs.value_type(), binary.rhs.value_type()) {
            (ValueType::Vector, ValueType::Vector) => {}
            (ValueType::Vector, _) => return left,
            _ => return right,
        }
        let modifier = binary.modifier.as_ref();
        match modifier.and_then(|modifier| modifier.matching.as_ref()) {
            Some(LabelModifier::Include(on)) => {
                self.need(&left, &on.labels, &binary.lhs);
                self.need(&right, &on.labels, &binary.rhs);
            }
            Some(LabelModifier::Exclude(ignored)) => {
                self.need_same(
                    binary,
                    &without(&left, &ignored.labels),
                    &without(&right, &ignored.labels),
                );
            }
            None => self.need_same(binary, &left, &right),
        }
        match binary.op.id() {
            token::T_LAND | token::T_LUNLESS => left,
            token::T_LOR => Some(left?.union(&right?).cloned().collect()),
            _ => match modifier {
                Some(modifier) => self.matched(binary, modifier, left, right),
                None => left,
            },
        }
    }

    /// The labels of what two sides make together.
    fn matched(
        &mut self,
        binary: &BinaryExpr,
        modifier: &BinModifier,
        left: Names,
        right: Names,
    ) -> Names {
        let (many, one, of_one, taken) = match &modifier.card {
            VectorMatchCardinality::ManyToOne(taken) => (left, right, &binary.rhs, taken),
            VectorMatchCardinality::OneToMany(taken) => (right, left, &binary.lhs, taken),
            _ => {
                return match &modifier.matching {
                    Some(LabelModifier::Include(on)) => Some(on.labels.iter().cloned().collect()),
                    Some(LabelModifier::Exclude(ignored)) => without(&left, &ignored.labels),
                    None => left,
                };
            }
        };
        self.need(&one, &taken.labels, of_one);
        Some(
            many?
                .into_iter()
                .chain(taken.labels.iter().cloned())
                .collect(),
        )
    }

    fn at_call(&mut self, call: &Call) -> Names {
        let name = call.func.name;
        let answers: Vec<_> = call
            .args
            .args
            .iter()
            .map(|argument| self.at(argument))
            .collect();
        for argument in &call.args.args {
            self.check_kind(name, argument);
        }
        let vector = call.args.args.iter().position(|argument| {
            matches!(argument.value_type(), ValueType::Vector | ValueType::Matrix)
        });
        let labels = vector.map_or(Some(BTreeSet::new()), |position| answers[position].clone());
        match name {
            "histogram_quantile" => {
                self.need(&labels, &["le".to_owned()], &call.args.args[1]);
                without(&labels, &["le".to_owned()])
            }
            // The first takes its labels from matchers, the others are told theirs.
            "absent" | "absent_over_time" | "label_replace" | "label_join" => None,
            "scalar" | "vector" | "time" => Some(BTreeSet::new()),
            _ => labels,
        }
    }

    /// Whether the function is one for what its argument selects.
    fn check_kind(&mut self, function: &str, argument: &Expr) {
        let Expr::MatrixSelector(selector) = argument else {
            return;
        };
        let Some(series) = selector
            .vs
            .name
            .as_deref()
            .and_then(|name| self.contract.series(name).ok())
        else {
            return;
        };
        let expected = match series.kind {
            Kind::Gauge if OF_COUNTERS.contains(&function) => "a counter",
            Kind::Counter if OF_GAUGES.contains(&function) => "a gauge",
            _ => return,
        };
        let problem = format!("{function} is for {expected}, which {} is not", selector.vs);
        self.problems.push(problem);
    }

    fn need(&mut self, labels: &Names, needed: &[String], of: &Expr) {
        let Some(labels) = labels else { return };
        for label in needed.iter().filter(|label| !labels.contains(*label)) {
            let problem = format!("{of} has no label {label}; it has {labels:?}");
            self.problems.push(problem);
        }
    }

    /// Sides of other labels match nothing; both are shown by `or`.
    fn need_same(&mut self, binary: &BinaryExpr, left: &Names, right: &Names) {
        if let (Some(left), Some(right)) = (left, right)
            && left != right
            && binary.op.id() != token::T_LOR
        {
            let problem = format!("the sides of {binary} never match: {left:?} and {right:?}");
            self.problems.push(problem);
        }
    }
}

fn without(labels: &Names, left_out: &[String]) -> Names {
    let labels = labels.as_ref()?.iter();
    Some(
        labels
            .filter(|label| !left_out.contains(label))
            .cloned()
            .collect(),
    )
}

/// What is wrong with a matcher of these series.
fn problem(series: &Series, name: &str, matcher: &Matcher) -> Option<String> {
    let Some(values) = series.labels.get(&matcher.name) else {
        let labels: Vec<_> = series.labels.keys().collect();
        return Some(format!(
            "{name} has no label {}; it has {labels:?}",
            matcher.name
        ));
    };
    if let (Some(bounds), "le") = (&series.bounds, matcher.name.as_str()) {
        return problem_of_bound(bounds, name, matcher);
    }
    let Values::OneOf(values) = values else {
        return None;
    };
    let wrong = |value: &str| {
        let values: Vec<_> = values.iter().take(20).collect();
        Some(format!(
            "{name} has no {}={value:?}; it has {values:?}",
            matcher.name
        ))
    };
    match &matcher.op {
        // What is empty is absent, which may be meant.
        MatchOp::Equal | MatchOp::NotEqual => {
            let found = matcher.value.is_empty() || values.contains(&matcher.value);
            if found { None } else { wrong(&matcher.value) }
        }
        MatchOp::Re(_) | MatchOp::NotRe(_) => {
            let dead = alternatives(&matcher.value)
                .into_iter()
                .find(|alternative| {
                    let one = regex(alternative);
                    !values.iter().any(|value| one.is_match(value))
                });
            dead.and_then(wrong)
        }
    }
}

/// Servers write a bound as `5` or as `5.0`.
fn problem_of_bound(bounds: &[String], name: &str, matcher: &Matcher) -> Option<String> {
    if matcher.value == "+Inf" {
        return None;
    }
    let MatchOp::Re(_) = &matcher.op else {
        return Some(format!(
            "{name} is matched by {matcher}, but a bound is 5 or 5.0 by the server's version; expected le=~\"5(\\\\.0)?\""
        ));
    };
    let found = bounds.iter().any(|bound| {
        let written = [bound.clone(), format!("{bound}.0")];
        let may_be_whole = !bound.contains('.');
        matcher.is_match(&written[0]) && (!may_be_whole || matcher.is_match(&written[1]))
    });
    (!found).then(|| format!("{name} has no bucket of {matcher}; it has {bounds:?}"))
}

/// The alternatives of a regular expression, of which each should find something.
fn alternatives(expression: &str) -> Vec<&str> {
    let has_groups = expression.contains(['(', '[', '\\']);
    if has_groups {
        vec![expression]
    } else {
        expression.split('|').collect()
    }
}

fn regex(expression: &str) -> Matcher {
    // The parser has taken the whole, of which this is one alternative.
    Matcher::new_matcher(token::T_EQL_REGEX, String::new(), expression.to_owned()).unwrap()
}
