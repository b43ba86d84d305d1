use monitor_layer::instrument_step;

#[instrument_step(slow = "2")]
async fn render() {}

fn main() {}
