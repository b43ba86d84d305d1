//! The changes to an expression of which a test should notice each: one at a time, made on its tree.

use promql_parser::{
    label::{Labels, MatchOp, Matcher},
    parser::{
        AggregateExpr, BinaryExpr, Expr, LabelModifier, MatrixSelector, Offset, VectorSelector,
        token::{self, TokenId, TokenType},
    },
};

/// For each operator, those to put in its place.
const OPERATORS: [(TokenId, &[TokenId]); 8] = [
    (token::T_GTR, &[token::T_GTE, token::T_LSS]),
    (token::T_GTE, &[token::T_GTR, token::T_LTE]),
    (token::T_EQLC, &[token::T_NEQ]),
    (token::T_DIV, &[token::T_MUL]),
    (token::T_MUL, &[token::T_DIV]),
    (token::T_LAND, &[token::T_LOR, token::T_LUNLESS]),
    (token::T_LUNLESS, &[token::T_LOR, token::T_LAND]),
    (token::T_LOR, &[token::T_LAND, token::T_LUNLESS]),
];

/// To put in an aggregation's place.
const AGGREGATIONS: [TokenId; 4] = [token::T_SUM, token::T_MAX, token::T_MIN, token::T_AVG];

/// For each function, those to put in its place.
const FUNCTIONS: [(&str, &[&str]); 4] = [
    ("increase", &["rate", "delta"]),
    ("rate", &["irate", "delta"]),
    ("last_over_time", &["count_over_time", "min_over_time"]),
    ("absent", &["scalar"]),
];

/// Each expression that is another than this one in one place.
pub(super) fn mutants(expr: &Expr) -> Vec<Expr> {
    changed(expr, true)
}

/// Where a value does not matter, only whether there is one, no other function or aggregation is tried.
fn changed(expr: &Expr, value_matters: bool) -> Vec<Expr> {
    let mut found = of_this(expr, value_matters);
    // In each place below, with the rest of this one around it.
    let mut below = |child: &Expr, value_matters, around: &dyn Fn(Box<Expr>) -> Expr| {
        let children = changed(child, value_matters).into_iter();
        found.extend(children.map(|child| around(Box::new(child))));
    };
    match expr {
        Expr::Aggregate(aggregate) => below(&aggregate.expr, value_matters, &|expr| {
            Expr::Aggregate(AggregateExpr {
                expr,
                ..aggregate.clone()
            })
        }),
        Expr::Binary(binary) => {
            let compares = binary.op.is_comparison_operator();
            let is_alone = ![token::T_LAND, token::T_LUNLESS].contains(&binary.op.id());
            below(&binary.lhs, value_matters || compares, &|lhs| {
                Expr::Binary(BinaryExpr {
                    lhs,
                    ..binary.clone()
                })
            });
            below(&binary.rhs, value_matters && is_alone || compares, &|rhs| {
                Expr::Binary(BinaryExpr {
                    rhs,
                    ..binary.clone()
                })
            });
        }
        Expr::Paren(paren) => below(&paren.expr, value_matters, &|expr| {
            let mut changed = paren.clone();
            changed.expr = expr;
            Expr::Paren(changed)
        }),
        Expr::Call(call) => {
            for (position, argument) in call.args.args.iter().enumerate() {
                below(argument, value_matters, &|argument| {
                    let mut changed = call.clone();
                    changed.args.args[position] = argument;
                    Expr::Call(changed)
                });
            }
        }
        _ => {}
    }
    found
}

/// What can be changed at the root.
fn of_this(expr: &Expr, value_matters: bool) -> Vec<Expr> {
    match expr {
        Expr::Aggregate(aggregate) => of_aggregate(aggregate, value_matters),
        Expr::Binary(binary) => of_binary(binary),
        Expr::NumberLiteral(number) => {
            let others = match number.val {
                0.0 => vec![1.0],
                value => vec![value * 2.0, value / 2.0],
            };
            let changed = others.into_iter().map(|value| {
                let mut number = number.clone();
                number.val = value;
                Expr::NumberLiteral(number)
            });
            changed.collect()
        }
        Expr::VectorSelector(selector) => of_selector(selector)
            .into_iter()
            .map(Expr::VectorSelector)
            .collect(),
        Expr::MatrixSelector(selector) => of_range(selector),
        Expr::Call(call) => FUNCTIONS
            .iter()
            .filter(|(name, _)| value_matters && *name == call.func.name)
            .flat_map(|(_, others)| *others)
            .map(|other| {
                let mut call = call.clone();
                call.func.name = other;
                Expr::Call(call)
            })
            .collect(),
        _ => vec![],
    }
}

fn of_aggregate(aggregate: &AggregateExpr, value_matters: bool) -> Vec<Expr> {
    let mut found: Vec<_> = AGGREGATIONS
        .iter()
        .filter(|other| value_matters && **other != aggregate.op.id())
        .map(|other| AggregateExpr {
            op: TokenType::new(*other),
            ..aggregate.clone()
        })
        .collect();
    if let Some(LabelModifier::Include(labels)) = &aggregate.modifier {
        let mut by = without_each(&labels.labels);
        by.push([labels.labels.clone(), vec!["instance".to_owned()]].concat());
        found.extend(by.into_iter().map(|labels| AggregateExpr {
            modifier: Some(LabelModifier::Include(Labels { labels })),
            ..aggregate.clone()
        }));
    }
    found.into_iter().map(Expr::Aggregate).collect()
}

fn of_binary(binary: &BinaryExpr) -> Vec<Expr> {
    let others = OPERATORS
        .iter()
        .filter(|(operator, _)| *operator == binary.op.id());
    let mut changed: Vec<_> = others
        .flat_map(|(_, others)| *others)
        .map(|other| {
            Expr::Binary(BinaryExpr {
                op: TokenType::new(*other),
                ..binary.clone()
            })
        })
        .collect();
    if binary.op.is_set_operator() {
        changed.extend([(*binary.lhs).clone(), (*binary.rhs).clone()]);
    }
    let modifier = binary.modifier.as_ref();
    if let Some(LabelModifier::Include(_)) =
        modifier.and_then(|modifier| modifier.matching.as_ref())
    {
        let mut all = binary.clone();
        all.modifier = None;
        changed.push(Expr::Binary(all));
    }
    changed
}

fn of_selector(selector: &VectorSelector) -> Vec<VectorSelector> {
    let matchers = &selector.matchers.matchers;
    let with = |position: usize, matcher: Option<Matcher>| {
        let mut changed = selector.clone();
        match matcher {
            Some(matcher) => changed.matchers.matchers[position] = matcher,
            None => drop(changed.matchers.matchers.remove(position)),
        }
        changed
    };
    let mut changed = vec![];
    for (position, matcher) in matchers.iter().enumerate() {
        changed.push(with(position, None));
        let other = |id: TokenId, value: &str| {
            let matcher = Matcher::new_matcher(id, matcher.name.clone(), value.to_owned());
            Some(matcher.unwrap())
        };
        let inverse = match matcher.op {
            MatchOp::Equal => token::T_NEQ,
            MatchOp::NotEqual => token::T_EQL,
            MatchOp::Re(_) => token::T_NEQ_REGEX,
            MatchOp::NotRe(_) => token::T_EQL_REGEX,
        };
        changed.push(with(position, other(inverse, &matcher.value)));
        let alternatives: Vec<_> = matcher.value.split('|').map(str::to_owned).collect();
        if matches!(matcher.op, MatchOp::Re(_)) && alternatives.len() > 1 {
            for fewer in without_each(&alternatives) {
                changed.push(with(position, other(token::T_EQL_REGEX, &fewer.join("|"))));
            }
        }
    }
    if let Some(Offset::Pos(offset)) = &selector.offset {
        for offset in [
            None,
            Some(Offset::Pos(*offset * 2)),
            Some(Offset::Pos(*offset / 2)),
        ] {
            changed.push(VectorSelector {
                offset,
                ..selector.clone()
            });
        }
    }
    changed
}

fn of_range(selector: &MatrixSelector) -> Vec<Expr> {
    let ranges = [selector.range * 2, selector.range / 2];
    let ranges = ranges.map(|range| MatrixSelector {
        range,
        ..selector.clone()
    });
    let selectors = of_selector(&selector.vs).into_iter();
    let selectors = selectors.map(|vs| MatrixSelector {
        vs,
        ..selector.clone()
    });
    ranges
        .into_iter()
        .chain(selectors)
        .map(Expr::MatrixSelector)
        .collect()
}

fn without_each<T: Clone>(all: &[T]) -> Vec<Vec<T>> {
    let each = 0..all.len();
    each.map(|left_out| [&all[..left_out], &all[left_out + 1..]].concat())
        .collect()
}
