//! That the rules of `infra/` hold the contract.

use super::{Contract, Rules};

#[test]
fn every_rule_asks_only_for_what_there_is() {
    let (rules, contract) = (Rules::read(), Contract::read());
    let problems: Vec<_> = rules
        .all()
        .flat_map(|rule| {
            let problems = contract.check(rule.expr()).problems.into_iter();
            problems.map(move |problem| format!("{}: {problem}", rule.name()))
        })
        .collect();
    assert_eq!(problems, Vec::<String>::new());
}
