use monitor_layer::instrument_step;

#[instrument_step(err)]
async fn pay() {}

fn main() {}
