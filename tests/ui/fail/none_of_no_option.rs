use monitor_layer::instrument_step;

#[instrument_step(option_none_is_error)]
async fn render() -> u32 {
    1
}

fn main() {}
