use monitor_layer::instrument_step;

trait Render {
    #[instrument_step]
    async fn render(&self);
}

fn main() {}
