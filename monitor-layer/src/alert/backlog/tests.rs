use std::collections::BTreeMap;

use super::*;
use crate::{Alert, alert::notice::Source, redact::Redactor};

const SECOND: Duration = Duration::from_secs(1);

fn raised(alert: Alert, is_resolved: bool) -> Arc<Raised> {
    let source = Source {
        service: &"api".into(),
        env: &"test".into(),
        redactor: &Redactor::default(),
        trace: None,
    };
    Arc::new(Raised::new(alert, is_resolved, &source))
}

fn fires(alert: Alert) -> Arc<Raised> {
    raised(alert, false)
}

fn ends(alert: Alert) -> Arc<Raised> {
    raised(alert, true)
}

/// Pauses of nothing, so that only what a test asks for holds anything up.
fn pace() -> Pace {
    Pace {
        backoff: Retries::up_to(1).backoff(Duration::ZERO, Duration::ZERO),
        ..Pace::default()
    }
}

fn outcome(backlog: &mut Backlog, raised: Arc<Raised>, now: Instant) -> Option<Delivery> {
    backlog.push(raised, now).outcome
}

/// What is to be sent now, which is then under way.
fn take(backlog: &mut Backlog, now: Instant) -> Item {
    match backlog.next(now) {
        Next::Send(item) => item,
        _ => panic!("there is nothing to send"),
    }
}

/// Sends one; its headline.
fn send(backlog: &mut Backlog, now: Instant) -> String {
    let item = take(backlog, now);
    let headline = item.notice().headline();
    assert_eq!(backlog.sent(item, &Ok(()), now), Some(Delivery::Sent));
    headline
}

fn waits_for(backlog: &mut Backlog, now: Instant) -> Duration {
    match backlog.next(now) {
        Next::WaitUntil(until) => until - now,
        _ => panic!("nothing is waited for"),
    }
}

fn is_idle(backlog: &mut Backlog, now: Instant) -> bool {
    matches!(backlog.next(now), Next::Nothing)
}

#[test]
fn the_most_severe_goes_first_and_then_the_oldest() {
    let (mut backlog, now) = (Backlog::new(pace()), Instant::now());
    for alert in [
        Alert::info("a"),
        Alert::warning("b"),
        Alert::critical("c"),
        Alert::warning("d"),
        Alert::critical("e"),
    ] {
        assert_eq!(outcome(&mut backlog, fires(alert), now), None);
    }
    let sent: Vec<_> = (0..5).map(|_| send(&mut backlog, now)).collect();
    assert_eq!(
        sent,
        [
            "[critical] c",
            "[critical] e",
            "[warning] b",
            "[warning] d",
            "[info] a"
        ]
    );
    assert!(is_idle(&mut backlog, now));
}

#[test]
fn what_has_no_room_is_what_matters_least_and_the_first_of_many_stay() {
    let limit = Pace {
        most_waiting: 2,
        ..pace()
    };
    let (mut backlog, now) = (Backlog::new(limit), Instant::now());
    let mut push = |alert: Alert| {
        let pushed = backlog.push(fires(alert), now);
        let displaced = pushed.displaced.map(|it| it.severity);
        (pushed.outcome, displaced)
    };
    assert_eq!(push(Alert::info("a")), (None, None));
    assert_eq!(push(Alert::warning("b")), (None, None));
    assert_eq!(push(Alert::info("c")), (Some(Delivery::Dropped), None));
    assert_eq!(
        push(Alert::critical("d")),
        (None, Some(AlertSeverity::Info))
    );
    assert_eq!(push(Alert::warning("e")), (Some(Delivery::Dropped), None));
    assert_eq!(
        push(Alert::critical("f")),
        (None, Some(AlertSeverity::Warning))
    );
    assert_eq!(push(Alert::critical("g")), (Some(Delivery::Dropped), None));
    let sent = [send(&mut backlog, now), send(&mut backlog, now)];
    assert_eq!(sent, ["[critical] d", "[critical] f"]);
}

#[test]
fn a_storm_of_distinct_alerts_takes_bounded_memory_and_each_has_one_outcome() {
    let severities =
        [Alert::info, Alert::warning, Alert::critical].map(|make: fn(String) -> _| make);
    for (name, sends) in [("hangs", false), ("works", true)] {
        let (mut backlog, now) = (Backlog::new(pace()), Instant::now());
        let mut outcomes: BTreeMap<String, u64> = BTreeMap::new();
        let mut count = |outcome| *outcomes.entry(format!("{outcome:?}")).or_default() += 1;
        for number in 0..100_000 {
            let alert = severities[number % 3](format!("alert {number}"));
            let pushed = backlog.push(fires(alert), now);
            pushed.outcome.into_iter().for_each(&mut count);
            if let Some(displaced) = pushed.displaced {
                count(Delivery::Dropped);
                assert_ne!(displaced.severity, AlertSeverity::Critical, "{name}");
            }
            let [infos, warnings, criticals] = backlog.waiting.each_ref().map(VecDeque::len);
            let drops_critical = pushed.outcome == Some(Delivery::Dropped) && number % 3 == 2;
            assert!(!drops_critical || infos + warnings == 0, "{name}");
            assert!(infos + warnings + criticals <= 1000, "{name}");
            assert!(
                backlog.known.len() <= 4096 + 2 * 1000 + 1,
                "{name}: {}",
                backlog.known.len()
            );
            if sends {
                let item = take(&mut backlog, now);
                backlog
                    .sent(item, &Ok(()), now)
                    .into_iter()
                    .for_each(&mut count);
            }
        }
        while let Next::Send(item) = backlog.next(now) {
            backlog
                .sent(item, &Ok(()), now)
                .into_iter()
                .for_each(&mut count);
        }
        assert_eq!(
            outcomes.values().sum::<u64>(),
            100_000,
            "{name}: {outcomes:?}"
        );
        assert_eq!(
            outcomes["Sent"],
            if sends { 100_000 } else { 1000 },
            "{name}"
        );
    }
}

#[test]
fn alike_ones_are_folded_and_the_next_one_that_is_sent_tells_how_many() {
    let (mut backlog, start) = (Backlog::new(pace()), Instant::now());
    let repeat = pace().repeat;
    let alert = || Alert::critical("full").label("disk", "a");
    assert_eq!(outcome(&mut backlog, fires(alert()), start), None);
    assert_eq!(send(&mut backlog, start), "[critical] full");
    for second in 0..37 {
        let folded = outcome(&mut backlog, fires(alert()), start + SECOND * second);
        assert_eq!(folded, Some(Delivery::Deduplicated));
    }
    let other = Alert::critical("full").label("disk", "b");
    assert_eq!(outcome(&mut backlog, fires(other), start), None);
    assert_eq!(send(&mut backlog, start), "[critical] full", "another disk");
    assert!(is_idle(&mut backlog, start));
    let later = start + repeat;
    assert_eq!(outcome(&mut backlog, fires(alert()), later), None);
    assert_eq!(send(&mut backlog, later), "[critical] full (+37 more)");
    assert_eq!(outcome(&mut backlog, fires(alert()), later + repeat), None);
    assert_eq!(send(&mut backlog, later + repeat), "[critical] full");
}

#[test]
fn what_waits_is_folded_for_as_long_as_it_waits_and_tells_how_many_when_it_is_sent() {
    let (mut backlog, start) = (Backlog::new(pace()), Instant::now());
    outcome(&mut backlog, fires(Alert::warning("slow")), start);
    let later = start + pace().repeat * 3;
    let folded = outcome(&mut backlog, fires(Alert::warning("slow")), later);
    assert_eq!(folded, Some(Delivery::Deduplicated));
    let item = take(&mut backlog, later);
    // While it is under way, too: the next one tells of that.
    outcome(&mut backlog, fires(Alert::warning("slow")), later);
    assert_eq!(item.notice().headline(), "[warning] slow (+1 more)");
    backlog.sent(item, &Ok(()), later);
    let next = later + pace().repeat;
    outcome(&mut backlog, fires(Alert::warning("slow")), next);
    assert_eq!(send(&mut backlog, next), "[warning] slow (+1 more)");
}

#[test]
fn a_worse_one_of_the_same_key_is_told_at_once_and_a_lesser_one_is_folded() {
    let (mut backlog, now) = (Backlog::new(pace()), Instant::now());
    let key = |alert: Alert| fires(alert.key("disk"));
    outcome(&mut backlog, key(Alert::warning("low")), now);
    assert_eq!(send(&mut backlog, now), "[warning] low");
    assert_eq!(
        outcome(&mut backlog, key(Alert::critical("full")), now),
        None
    );
    assert_eq!(send(&mut backlog, now), "[critical] full");
    let lesser = outcome(&mut backlog, key(Alert::warning("low")), now);
    assert_eq!(lesser, Some(Delivery::Deduplicated));
}

#[test]
fn an_end_is_told_at_once_once_and_what_comes_after_it_is_told_again() {
    let (mut backlog, now) = (Backlog::new(pace()), Instant::now());
    outcome(&mut backlog, fires(Alert::critical("full")), now);
    send(&mut backlog, now);
    outcome(&mut backlog, fires(Alert::critical("full")), now);
    assert_eq!(
        outcome(&mut backlog, ends(Alert::critical("full")), now),
        None
    );
    let again = outcome(&mut backlog, ends(Alert::critical("full")), now);
    assert_eq!(again, Some(Delivery::Deduplicated));
    assert_eq!(
        outcome(&mut backlog, fires(Alert::critical("full")), now),
        None
    );
    assert_eq!(send(&mut backlog, now), "[resolved] full (+1 more)");
    assert_eq!(send(&mut backlog, now), "[critical] full");
}

#[test]
fn an_end_never_overtakes_what_it_ends() {
    let (mut backlog, now) = (Backlog::new(pace()), Instant::now());
    let key = |alert: Alert| alert.key("disk");
    outcome(&mut backlog, fires(key(Alert::warning("low"))), now);
    outcome(&mut backlog, ends(key(Alert::critical("full"))), now);
    let sent = [send(&mut backlog, now), send(&mut backlog, now)];
    assert_eq!(sent, ["[warning] low", "[resolved] full"]);
}

#[test]
fn people_are_not_told_of_an_end_of_what_they_were_not_told() {
    let people = Pace {
        ends_of_others: false,
        ..pace()
    };
    let (mut backlog, now) = (Backlog::new(people), Instant::now());
    let end = || ends(Alert::critical("full"));
    assert_eq!(
        outcome(&mut backlog, end(), now),
        Some(Delivery::Deduplicated)
    );
    // The alert is lost while its end waits.
    outcome(&mut backlog, fires(Alert::critical("full")), now);
    assert_eq!(outcome(&mut backlog, end(), now), None);
    let item = take(&mut backlog, now);
    let refused = Err(DeliveryError::permanent("no"));
    assert_eq!(backlog.sent(item, &refused, now), Some(Delivery::Failed));
    let over = matches!(backlog.next(now), Next::Over(_, Delivery::Deduplicated));
    assert!(over && is_idle(&mut backlog, now));
    // Machines know better whether they were, by another process.
    let mut backlog = Backlog::new(pace());
    assert_eq!(outcome(&mut backlog, end(), now), None);
    assert_eq!(send(&mut backlog, now), "[resolved] full");
}

#[test]
fn a_failure_backs_off_by_a_random_time_whose_limit_doubles_and_what_comes_meanwhile_is_in_order() {
    let slow = Pace {
        backoff: Retries::up_to(1).backoff(SECOND, 8 * SECOND),
        longest: 3600 * SECOND,
        ..pace()
    };
    let (mut backlog, mut now) = (Backlog::new(slow), Instant::now());
    outcome(&mut backlog, fires(Alert::warning("slow")), now);
    let busy = Err(DeliveryError::transient("busy"));
    let mut longest = SECOND;
    for _ in 0..6 {
        let item = take(&mut backlog, now);
        assert_eq!(backlog.sent(item, &busy, now), None);
        if let Next::WaitUntil(until) = backlog.next(now) {
            assert!(until <= now + longest);
        }
        longest = (2 * longest).min(8 * SECOND);
        now += 8 * SECOND;
    }
    outcome(&mut backlog, fires(Alert::critical("full")), now);
    let sent = [send(&mut backlog, now), send(&mut backlog, now)];
    assert_eq!(sent, ["[critical] full", "[warning] slow"]);
}

#[test]
fn a_channel_that_asks_for_a_pause_has_it_though_a_flush_hurries() {
    let (mut backlog, now) = (Backlog::new(pace()), Instant::now());
    outcome(&mut backlog, fires(Alert::critical("full")), now);
    let item = take(&mut backlog, now);
    let busy = DeliveryError::transient("busy").retry_after(30 * SECOND);
    assert_eq!(backlog.sent(item, &Err(busy), now), None);
    backlog.hurry();
    assert_eq!(waits_for(&mut backlog, now), 30 * SECOND);
    assert_eq!(waits_for(&mut backlog, now + 29 * SECOND), SECOND);
    assert_eq!(send(&mut backlog, now + 30 * SECOND), "[critical] full");
}

#[test]
fn a_flush_hurries_what_backs_off() {
    let slow = Pace {
        backoff: Retries::up_to(1).backoff(Duration::MAX, Duration::MAX),
        ..pace()
    };
    let (mut backlog, now) = (Backlog::new(slow), Instant::now());
    outcome(&mut backlog, fires(Alert::critical("full")), now);
    let item = take(&mut backlog, now);
    backlog.sent(item, &Err(DeliveryError::transient("busy")), now);
    backlog.hurry();
    assert_eq!(send(&mut backlog, now), "[critical] full");
}

#[test]
fn what_is_too_old_has_failed_and_is_waited_for_no_longer_than_that() {
    let (mut backlog, start) = (Backlog::new(pace()), Instant::now());
    let longest = pace().longest;
    outcome(&mut backlog, fires(Alert::info("a")), start);
    outcome(&mut backlog, fires(Alert::critical("b")), start + SECOND);
    let item = take(&mut backlog, start + SECOND);
    let busy = DeliveryError::transient("busy").retry_after(Duration::MAX);
    assert_eq!(backlog.sent(item, &Err(busy), start + SECOND), None);
    assert_eq!(waits_for(&mut backlog, start + SECOND), longest - SECOND);
    for after in [longest, longest + SECOND] {
        let failed = matches!(backlog.next(start + after), Next::Over(_, Delivery::Failed));
        assert!(failed, "{after:?}");
    }
    assert!(is_idle(&mut backlog, start + longest + SECOND));
    // It was not told, so the next one tells of it.
    let later = start + longest + longest;
    outcome(&mut backlog, fires(Alert::critical("b")), later);
    assert_eq!(send(&mut backlog, later), "[critical] b (+1 more)");
}

#[test]
fn what_is_refused_for_good_holds_nothing_up() {
    let (mut backlog, now) = (Backlog::new(pace()), Instant::now());
    outcome(&mut backlog, fires(Alert::critical("bad")), now);
    outcome(&mut backlog, fires(Alert::info("good")), now);
    let item = take(&mut backlog, now);
    let refused = Err(DeliveryError::permanent("bad"));
    assert_eq!(backlog.sent(item, &refused, now), Some(Delivery::Failed));
    assert_eq!(send(&mut backlog, now), "[info] good");
    assert_eq!(
        outcome(&mut backlog, fires(Alert::critical("bad")), now),
        None,
        "tried anew"
    );
}

#[test]
fn deliveries_start_no_closer_than_the_channel_s_gap() {
    let limited = Pace {
        gap: SECOND,
        ..pace()
    };
    let (mut backlog, now) = (Backlog::new(limited), Instant::now());
    outcome(&mut backlog, fires(Alert::info("a")), now);
    outcome(&mut backlog, fires(Alert::info("b")), now);
    send(&mut backlog, now);
    assert_eq!(waits_for(&mut backlog, now), SECOND);
    assert_eq!(send(&mut backlog, now + SECOND), "[info] b");
}

#[test]
fn a_clock_that_goes_back_neither_forgets_nor_hurries_anything() {
    let limited = Pace {
        gap: SECOND,
        ..pace()
    };
    let start = Instant::now();
    let (mut backlog, later) = (Backlog::new(limited), start + 2 * pace().longest);
    outcome(&mut backlog, fires(Alert::critical("full")), later);
    send(&mut backlog, later);
    let folded = outcome(&mut backlog, fires(Alert::critical("full")), start);
    assert_eq!(folded, Some(Delivery::Deduplicated));
    outcome(&mut backlog, fires(Alert::critical("other")), start);
    assert!(
        waits_for(&mut backlog, start) > SECOND,
        "until a second after the last one"
    );
}

#[test]
fn what_waits_at_the_end_has_one_try_more() {
    let (mut backlog, now) = (Backlog::new(pace()), Instant::now());
    for name in ["a", "b", "c"] {
        outcome(&mut backlog, fires(Alert::info(name)), now);
    }
    backlog.close();
    assert_eq!(send(&mut backlog, now), "[info] a");
    let item = take(&mut backlog, now);
    let busy = Err(DeliveryError::transient("busy"));
    assert_eq!(backlog.sent(item, &busy, now), Some(Delivery::Failed));
    assert!(matches!(backlog.next(now), Next::Over(_, Delivery::Failed)));
    assert!(is_idle(&mut backlog, now));
}
