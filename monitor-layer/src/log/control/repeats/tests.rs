use super::*;

fn repeats(most: u32, seconds: u64) -> Repeats {
    Repeats::new(RepeatLimit {
        most,
        period: Duration::from_secs(seconds),
    })
}

fn metadata() -> [&'static Metadata<'static>; 3] {
    let subscriber = tracing_subscriber::registry();
    tracing::subscriber::with_default(subscriber, || {
        [
            tracing::warn_span!("one"),
            tracing::error_span!("two"),
            tracing::info_span!("three"),
        ]
        .map(|span| span.metadata().unwrap())
    })
}

/// What becomes of a line at this time: left out, or written, and telling of so many.
fn admit(repeats: &Repeats, metadata: &'static Metadata<'static>, now: u64) -> Option<u64> {
    let site = repeats.site(metadata).unwrap();
    let admitted = repeats.admit_at(site, now)?;
    let suppressed = admitted.suppressed();
    admitted.told();
    Some(suppressed)
}

fn over(repeats: &Repeats, now: u64) -> Vec<(&'static str, u64)> {
    let over = repeats.over_at(now).map(|over| {
        let told = (over.metadata.name(), over.lines.suppressed());
        over.lines.told();
        told
    });
    over.collect()
}

#[test]
fn the_first_lines_of_a_period_are_written_and_the_next_one_s_tells_how_many_were_not() {
    let [site, ..] = metadata();
    let repeats = repeats(2, 10);
    let at = |now| admit(&repeats, site, now);
    assert_eq!(
        [0, 5_000, 9_000, 9_999].map(at),
        [Some(0), Some(0), None, None]
    );
    assert_eq!([10_000, 10_001, 10_002].map(at), [Some(2), Some(0), None]);
    assert_eq!([35_000, 44_999].map(at), [Some(1), Some(0)]);
}

#[test]
fn call_sites_are_limited_each_for_itself_and_infos_are_not() {
    let [one, two, info] = metadata();
    let repeats = repeats(1, 10);
    assert_eq!(admit(&repeats, one, 0), Some(0));
    assert_eq!(admit(&repeats, one, 0), None);
    assert_eq!(admit(&repeats, two, 0), Some(0));
    assert!((0..100).all(|_| repeats.admit(info).is_some()));
}

#[test]
fn call_sites_that_meet_in_one_place_stay_apart_and_those_without_one_are_not_limited() {
    let limit = RepeatLimit {
        most: 1,
        period: Duration::from_secs(10),
    };
    let subscriber = tracing_subscriber::registry();
    let sites = tracing::subscriber::with_default(subscriber, || {
        [
            tracing::warn_span!("one"),
            tracing::warn_span!("two"),
            tracing::warn_span!("three"),
        ]
        .map(|span| span.metadata().unwrap())
    });
    let repeats = Repeats::with_places(limit, 2);
    let admitted = sites.map(|site| [0; 3].map(|_| repeats.admit(site).is_some()));
    let limited = [true, false, false];
    assert_eq!(admitted, [limited, limited, [true; 3]]);
}

#[test]
fn records_of_the_log_crate_share_a_call_site_and_are_not_limited() {
    let subscriber = tracing_subscriber::registry();
    let record = tracing::subscriber::with_default(subscriber, || {
        let span = tracing::warn_span!(target: "log", "log event");
        span.metadata().unwrap()
    });
    let repeats = repeats(1, 10);
    assert!((0..100).all(|_| repeats.admit(record).is_some()));
}

#[test]
fn what_no_further_line_tells_of_is_known_once_its_period_is_over_and_told_once() {
    let [one, two, _] = metadata();
    let repeats = repeats(1, 10);
    for now in [0, 1_000, 2_000] {
        admit(&repeats, one, now);
    }
    for now in [5_000, 6_000] {
        admit(&repeats, two, now);
    }
    assert_eq!(over(&repeats, 9_999), []);
    assert_eq!(over(&repeats, 10_000), [("one", 2)]);
    assert_eq!(over(&repeats, 14_999), []);
    assert_eq!(over(&repeats, 15_000), [("two", 1)]);
    assert_eq!(over(&repeats, NEVER - 1), []);
    admit(&repeats, two, 15_000);
    admit(&repeats, two, 15_001);
    let all: Vec<_> = repeats.all().map(|all| all.lines.suppressed()).collect();
    assert_eq!(all, [1]);
    assert_eq!(
        over(&repeats, NEVER - 1),
        [("two", 1)],
        "it was not written"
    );
}

#[test]
fn a_line_that_was_not_written_leaves_what_it_told_to_the_next_one() {
    let [site, ..] = metadata();
    let repeats = repeats(1, 10);
    admit(&repeats, site, 0);
    admit(&repeats, site, 0);
    let known = repeats.site(site).unwrap();
    let lost = repeats.admit_at(known, 10_000).unwrap();
    assert_eq!(lost.suppressed(), 1);
    drop(lost);
    assert_eq!(admit(&repeats, site, 10_000), None);
    assert_eq!(admit(&repeats, site, 20_000), Some(2));
}

#[test]
fn threads_share_one_limit() {
    let [site, ..] = metadata();
    let repeats = repeats(100, 10);
    let written: usize = std::thread::scope(|scope| {
        let lines = || (0..500).filter_map(|_| admit(&repeats, site, 7)).count();
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(lines)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum()
    });
    assert_eq!(written, 100);
    assert_eq!(over(&repeats, 10_007), [("one", 1_900)]);
}
