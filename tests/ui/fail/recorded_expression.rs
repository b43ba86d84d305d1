use monitor_layer::instrument_step;

#[instrument_step(record(_scene.0))]
async fn render(_scene: (u32, u32)) {}

fn main() {}
