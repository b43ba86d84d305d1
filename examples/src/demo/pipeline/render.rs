use gif::Frame;
use monitor_layer::instrument_step;

use super::{
    PipelineError,
    canvas::{Canvas, Color, HEIGHT, WIDTH},
    parse::Scene,
};
use crate::{niche::Niche, storage::Storage};

const MOST_FRAMES_A_SCENE: usize = 8;
/// Past it, scenes get fewer frames, down to one.
const MOST_FRAMES: usize = 400;
/// Of a frame, in hundredths of a second.
const FRAME_TIME: u16 = 12;
const LAST_FRAME_TIME: u16 = 150;
const TITLE_TOP: usize = 12;
const TITLE_LINES: usize = 1;
const TEXT_TOP: usize = 48;
const TEXT_LINES: usize = 6;

/// Draws the frames of one script.
pub(super) struct Renderer<'a> {
    title: &'a str,
    style: Style,
    scenes: usize,
    frames_a_scene: usize,
}

struct Style {
    background: Color,
    title: Color,
    text: Color,
}

impl<'a> Renderer<'a> {
    pub(super) fn new(niche: Niche, title: &'a str, scenes: usize) -> Self {
        let (background, title_color) = match niche {
            Niche::Finance => (Color(0, 1, 1), Color(1, 5, 2)),
            Niche::History => (Color(1, 1, 0), Color(5, 4, 2)),
            Niche::Science => (Color(0, 0, 2), Color(2, 4, 5)),
            Niche::Horror => (Color(0, 0, 0), Color(5, 0, 0)),
            Niche::Motivation => (Color(2, 0, 2), Color(5, 3, 0)),
        };
        Self {
            title,
            style: Style {
                background,
                title: title_color,
                text: Color(5, 5, 5),
            },
            scenes,
            frames_a_scene: (MOST_FRAMES / scenes.max(1)).clamp(1, MOST_FRAMES_A_SCENE),
        }
    }

    /// The frames of a scene, compressed: its text appears bit by bit.
    #[instrument_step]
    pub(super) async fn render(
        &self,
        number: usize,
        scene: &Scene,
        storage: &Storage,
    ) -> Result<Vec<Frame<'static>>, PipelineError> {
        let attempt = monitor_layer::current().attempt();
        if attempt.is_some_and(|attempt| attempt.number() <= scene.busy) {
            return Err(PipelineError::Busy);
        }
        let mut background = Canvas::filled(self.style.background);
        for name in &scene.images {
            draw_asset(&mut background, name, storage).await?;
        }
        tokio::time::sleep(scene.pause).await;
        let letters = scene.text.chars().count();
        let mut frames = Vec::with_capacity(self.frames_a_scene);
        for shown in 1..=self.frames_a_scene {
            let text: String = scene
                .text
                .chars()
                .take(letters * shown / self.frames_a_scene)
                .collect();
            let canvas = self.frame(&background, number, &text);
            let is_last = shown == self.frames_a_scene;
            frames.push(compressed(
                canvas,
                if is_last { LAST_FRAME_TIME } else { FRAME_TIME },
            ));
            // Between frames others get their turn, and a cancelled job stops.
            tokio::task::yield_now().await;
        }
        Ok(frames)
    }

    fn frame(&self, background: &Canvas, number: usize, text: &str) -> Canvas {
        let mut canvas = background.clone();
        canvas.write(self.title, TITLE_TOP, TITLE_LINES, self.style.title);
        canvas.write(text, TEXT_TOP, TEXT_LINES, self.style.text);
        let progress = WIDTH * (number + 1) / self.scenes.max(1);
        canvas.fill(0, HEIGHT - 4, progress, 4, self.style.title);
        canvas
    }
}

async fn draw_asset(
    canvas: &mut Canvas,
    name: &str,
    storage: &Storage,
) -> Result<(), PipelineError> {
    let bytes = storage
        .asset(name)
        .await
        .map_err(|source| PipelineError::AssetMissing {
            name: name.to_owned(),
            source,
        })?;
    let unreadable = |source| PipelineError::AssetUnreadable {
        name: name.to_owned(),
        source,
    };
    let mut options = gif::DecodeOptions::new();
    options.set_color_output(gif::ColorOutput::RGBA);
    let mut decoder = options.read_info(bytes.as_slice()).map_err(unreadable)?;
    if let Some(frame) = decoder.read_next_frame().map_err(unreadable)? {
        canvas.draw(&frame.buffer, frame.width.into(), frame.height.into());
    }
    Ok(())
}

fn compressed(canvas: Canvas, time: u16) -> Frame<'static> {
    let mut frame = Frame {
        width: WIDTH as u16,
        height: HEIGHT as u16,
        delay: time,
        buffer: canvas.into_pixels().into(),
        ..Frame::default()
    };
    frame.make_lzw_pre_encoded();
    frame
}
