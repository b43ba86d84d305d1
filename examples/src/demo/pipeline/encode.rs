use gif::{Encoder, Frame, Repeat};
use monitor_layer::instrument_step;

use super::{
    PipelineError,
    canvas::{HEIGHT, WIDTH, palette},
};

/// Puts the frames together to a GIF that plays for ever.
#[instrument_step]
pub(super) fn encode(frames: &[Frame<'_>]) -> Result<Vec<u8>, PipelineError> {
    let mut video = Vec::new();
    write(&mut video, frames).map_err(PipelineError::Encoding)?;
    Ok(video)
}

fn write(video: &mut Vec<u8>, frames: &[Frame<'_>]) -> Result<(), gif::EncodingError> {
    let mut encoder = Encoder::new(video, WIDTH as u16, HEIGHT as u16, &palette())?;
    encoder.set_repeat(Repeat::Infinite)?;
    for frame in frames {
        encoder.write_lzw_pre_encoded_frame(frame)?;
    }
    Ok(())
}
