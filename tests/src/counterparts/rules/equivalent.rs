//! The changes that make no other rule of a rule, so that no test can notice them.

/// A reason, and the rules and changes that it holds for.
type Reason = (&'static str, &'static [(&'static str, &'static str)]);

pub(super) const EQUIVALENT: &[Reason] = &[
    (
        "of what is 0 or 1, the mean and the sum are 0 where the largest is",
        &[
            ("NotReady", "at 0: max -> avg"),
            ("NotReady", "at 0: max -> sum"),
            ("ServiceDown", "at 0: max -> avg"),
            ("ServiceDown", "at 0: max -> sum"),
        ],
    ),
    (
        "`on (job)` finds an instance that answers, too",
        &[("InstanceDown", "at 29: job -> job, instance")],
    ),
    (
        "its value is not shown",
        &[
            ("ServiceAbsent", "at 1: count -> avg"),
            ("ServiceAbsent", "at 1: count -> max"),
            ("ServiceAbsent", "at 1: count -> min"),
            ("ServiceAbsent", "at 1: count -> sum"),
            ("ServiceAbsent", "at 17: las -> coun"),
            ("ServiceAbsent", "at 17: last -> min"),
            ("Watchdog", "at 7: 1 -> 0.5"),
            ("Watchdog", "at 7: 1 -> 2"),
        ],
    ),
];
