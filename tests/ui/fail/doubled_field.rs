use monitor_layer::instrument_step;

#[instrument_step(fields(scene = 1, scene = 2))]
async fn render() {}

fn main() {}
