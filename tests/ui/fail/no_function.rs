use monitor_layer::instrument_step;

#[instrument_step]
struct Renderer;

fn main() {
    let _ = Renderer;
}
