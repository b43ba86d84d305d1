use monitor_layer::instrument_step;

#[instrument_step(level = "loud")]
async fn render() {}

fn main() {}
