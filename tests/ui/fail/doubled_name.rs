use monitor_layer::instrument_step;

#[instrument_step(name = "render", name = "draw")]
async fn render() {}

fn main() {
    drop(render());
}
