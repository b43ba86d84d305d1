use monitor_layer::instrument_step;

#[instrument_step(name = 7)]
async fn render() {}

fn main() {
    drop(render());
}
