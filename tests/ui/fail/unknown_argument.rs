use monitor_layer::instrument_step;

#[instrument_step(nmae = "render")]
async fn render() {}

fn main() {
    drop(render());
}
