use monitor_layer::instrument_step;

#[instrument_step(fields = 1)]
async fn render() {}

fn main() {}
