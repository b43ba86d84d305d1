use monitor_layer::instrument_step;

#[instrument_step(err(category = money))]
async fn pay() {}

fn main() {}
