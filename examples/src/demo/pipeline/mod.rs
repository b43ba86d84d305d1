//! From a script to an animated GIF, in annotated steps.

mod canvas;
mod encode;
mod error;
mod parse;
mod render;

use monitor_layer::{Pipeline, instrument_step};
use uuid::Uuid;

pub(crate) use self::error::PipelineError;
use self::{encode::encode, parse::parse, render::Renderer};
use crate::{storage::Storage, store::NewJob};

const USD_PER_FRAME: f64 = 0.000_4;

/// What a job that ended well came to.
pub(crate) struct Finished {
    pub(crate) scenes: usize,
    pub(crate) cost_usd: f64,
}

pub(crate) async fn run(job: &NewJob, storage: &Storage) -> Result<Finished, PipelineError> {
    let mut pipeline = Pipeline::new(["parse", "render", "encode", "store"]);

    pipeline.begin("parse");
    let scenes = parse(&job.script)?;

    pipeline.begin("render");
    let renderer = Renderer::new(job.niche, &job.title, scenes.len());
    let mut frames = Vec::new();
    for (number, scene) in scenes.iter().enumerate() {
        frames.extend(renderer.render(number, scene, storage).await?);
    }
    let cost_usd = frames.len() as f64 * USD_PER_FRAME;
    // It is finite and not below 0.
    let _ = monitor_layer::current().cost(cost_usd, "render");

    pipeline.begin("encode");
    let video = encode(&frames)?;

    pipeline.begin("store");
    store(storage, job.id, &video).await?;
    tracing::info!(
        scenes = scenes.len(),
        frames = frames.len(),
        bytes = video.len(),
        "Video stored"
    );
    Ok(Finished {
        scenes: scenes.len(),
        cost_usd,
    })
}

#[instrument_step]
async fn store(storage: &Storage, id: Uuid, video: &[u8]) -> Result<(), PipelineError> {
    storage
        .write_video(id, video)
        .await
        .map_err(PipelineError::Storage)
}
