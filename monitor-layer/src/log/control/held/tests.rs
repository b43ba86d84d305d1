use super::*;

/// The lines, where they are to be written with one that is.
fn written(held: Held) -> Option<Vec<String>> {
    match held {
        Held::Taken => None,
        Held::Free(lines) => Some(texts(&lines)),
    }
}

fn texts(lines: &Lines) -> Vec<String> {
    lines
        .iter()
        .map(|(line, _)| String::from_utf8_lossy(line).into_owned())
        .collect()
}

fn taken(room: &Room) -> usize {
    room.0.load(Ordering::Relaxed)
}

#[test]
fn lines_wait_until_one_of_them_warns_and_go_on_from_then() {
    let room = Room::default();
    let held = HeldLines::begin(true);
    let hold = |line, level| written(held.hold(line, level, &room));
    assert_eq!(hold(b"one", Level::INFO), None);
    assert_eq!(hold(b"two", Level::DEBUG), None);
    assert_eq!(taken(&room), PIECE);
    let before = hold(b"three", Level::WARN).unwrap();
    assert_eq!(before, ["one", "two"]);
    assert_eq!(taken(&room), 0);
    assert_eq!(hold(b"four", Level::INFO), Some(vec![]));
    assert_eq!(hold(b"five", Level::ERROR), Some(vec![]));
    assert!(!held.thin(&room) && held.are_needed());
}

#[test]
fn thinned_lines_take_those_to_come_with_them_but_for_warnings() {
    let room = Room::default();
    let held = HeldLines::begin(true);
    let hold = |line, level| written(held.hold(line, level, &room));
    hold(b"one", Level::INFO);
    assert!(held.thin(&room) && held.thin(&room));
    assert_eq!(taken(&room), 0);
    assert_eq!(hold(b"two", Level::INFO), None);
    assert_eq!(hold(b"three", Level::WARN), Some(vec![]));
    assert_eq!(hold(b"four", Level::INFO), None);
}

#[test]
fn what_is_not_held_back_is_written_as_it_comes() {
    let room = Room::default();
    let held = HeldLines::begin(false);
    assert_eq!(written(held.hold(b"one", Level::INFO, &room)), Some(vec![]));
    assert!(!held.are_needed());
    assert!(!held.thin(&room));
    held.hold(b"two", Level::ERROR, &room);
    assert!(held.are_needed());
}

#[test]
fn the_last_lines_stay_where_there_are_too_many_and_the_others_are_counted() {
    let room = Room::default();
    let held = HeldLines::begin(true);
    let line = |number: usize| format!("{number:0>100}");
    for number in 0..1_000 {
        held.hold(line(number).as_bytes(), Level::INFO, &room);
    }
    held.hold(&b"x".repeat(MOST + 1), Level::INFO, &room);
    assert_eq!(taken(&room), MOST);
    let lines = held.release(&room);
    let kept = texts(&lines);
    assert!(kept.len() >= MOST / 100 / 2, "{}", kept.len());
    assert_eq!(kept.len() + lines.dropped as usize, 1_001);
    let last = 1_000 - kept.len()..1_000;
    assert_eq!(kept, last.map(line).collect::<Vec<_>>());
    assert_eq!(taken(&room), 0);
}

#[test]
fn two_long_lines_and_a_short_one_leave_the_last_ones() {
    let room = Room::default();
    let held = HeldLines::begin(true);
    for length in [MOST / 2, MOST / 2, 1, MOST] {
        held.hold(&b"x".repeat(length), Level::INFO, &room);
    }
    let lines = held.release(&room);
    let lengths: Vec<_> = texts(&lines).iter().map(String::len).collect();
    assert_eq!((lengths, lines.dropped), (vec![MOST], 3));
}

#[test]
fn all_exchanges_share_one_room() {
    let room = Room::default();
    let line = "x".repeat(MOST);
    let held: Vec<_> = (0..MOST_OF_ALL / MOST + 3)
        .map(|_| HeldLines::begin(true))
        .collect();
    for held in &held {
        held.hold(line.as_bytes(), Level::INFO, &room);
    }
    assert_eq!(taken(&room), MOST_OF_ALL);
    let dropped: u64 = held.iter().map(|held| held.release(&room).dropped).sum();
    assert_eq!(dropped, 3);
    assert_eq!(taken(&room), 0);
}

#[test]
fn memory_is_used_again_once_nobody_has_it_any_more() {
    let room = Room::default();
    let (first, second) = (HeldLines::begin(true), HeldLines::begin(true));
    let address = Arc::as_ptr(&first);
    first.hold(b"one", Level::WARN, &room);
    let spawned = Arc::clone(&second);
    first.recycle();
    second.recycle();
    assert_eq!(spawned.lock().fate, Fate::Open, "it goes on as it was");
    let again = HeldLines::begin(true);
    assert_eq!(Arc::as_ptr(&again), address);
    assert!(!again.are_needed());
    assert_eq!(written(again.hold(b"two", Level::INFO, &room)), None);
    assert_eq!(texts(&again.release(&room)), ["two"]);
}
