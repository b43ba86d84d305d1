use monitor_layer::instrument_step;

#[instrument_step]
async fn render() -> Result<u32, std::io::Error> {
    let frames: u32 = "seven";
    Ok(frames)
}

#[instrument_step]
fn parse() -> u32 {
    "seven"
}

fn main() {
    drop(render());
    parse();
}
