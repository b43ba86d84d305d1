//! Any bytes: never a panic, never a wrong parent. The entries are those that `monitor-layer/fuzz` has.

use monitor_layer::__fuzz;

use crate::support::Random;

const ROUNDS: u64 = 20_000;
const TRACEPARENT: &[u8] = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const TRACESTATE: &[u8] = b"rojo=00f067aa0ba902b7, congo=t61rcWkgMzE,a@b=1\nc=2,,\td=3";
/// What decides in one of the grammars, among what does not.
const BYTES: &[u8] = b"0123456789abcdefABF-,=@ \t\n._*/\x00\x7f\x80\xc3\xa4zZ";

/// Bytes near to what is valid: a seed with some of it replaced, put in, taken out or said twice.
fn mutated(random: &mut Random, seed: &[u8]) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..random.below(4) {
        let place = random.below(bytes.len() as u64 + 1) as usize;
        let byte = BYTES[random.below(BYTES.len() as u64) as usize];
        match random.below(5) {
            0 | 1 if place < bytes.len() => bytes[place] = byte,
            2 if place < bytes.len() => drop(bytes.remove(place)),
            3 => bytes.truncate(place),
            4 => bytes.extend(seed.iter().skip(place)),
            _ => bytes.insert(place, byte),
        }
    }
    bytes
}

/// Bytes of no shape at all.
fn any(random: &mut Random) -> Vec<u8> {
    let length = random.below(80);
    (0..length).map(|_| random.below(256) as u8).collect()
}

fn each(seed: &[u8], entry: impl Fn(&[u8])) {
    let mut random = Random::new(4);
    entry(seed);
    entry(b"");
    for round in 0..ROUNDS {
        entry(&match round % 4 {
            0 => any(&mut random),
            _ => mutated(&mut random, seed),
        });
    }
}

#[test]
fn any_traceparent_is_read_as_its_grammar_says_or_not_at_all() {
    each(TRACEPARENT, __fuzz::traceparent);
    let higher = [b"cc", &TRACEPARENT[2..], b"-more"].concat();
    each(&higher, __fuzz::traceparent);
}

#[test]
fn any_tracestate_that_is_taken_can_be_sent_and_is_read_alike() {
    each(TRACESTATE, __fuzz::tracestate);
    let many: Vec<_> = (0..32).map(|number| format!("k{number}=v")).collect();
    each(many.join(",").as_bytes(), __fuzz::tracestate);
}

#[test]
fn any_headers_give_a_context_whose_parent_is_the_caller_or_nobody() {
    let headers = [
        b"\x00",
        TRACEPARENT,
        b"\n\x01a=1\n\x01b=2\n\x020af7651916cd43dd8448eb211c80319c",
    ];
    each(&headers.concat(), __fuzz::trace_headers);
    let with_client_id = [b"\x02order 17\n\x00", TRACEPARENT].concat();
    each(&with_client_id, __fuzz::trace_headers);
}

#[test]
fn any_message_s_fields_give_its_sender_s_context_or_none() {
    each(&[TRACEPARENT, b"\na=1,b=2"].concat(), __fuzz::carrier);
}
