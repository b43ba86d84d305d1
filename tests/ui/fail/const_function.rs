use monitor_layer::instrument_step;

#[instrument_step]
const fn frames() -> u32 {
    7
}

fn main() {
    frames();
}
