use monitor_layer::instrument_step;

#[instrument_step(fields(step = "mine"))]
async fn render() {}

fn main() {}
