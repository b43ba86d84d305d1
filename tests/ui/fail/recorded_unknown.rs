use monitor_layer::instrument_step;

#[instrument_step(record(scenes))]
async fn render(_frames: u32) {}

fn main() {}
