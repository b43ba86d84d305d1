//! From a script to an animated GIF, in annotated steps.

mod canvas;
mod encode;
mod error;
mod parse;
mod render;

use monitor_layer::instrument_step;
use uuid::Uuid;

pub(crate) use self::error::PipelineError;
use self::{encode::encode, parse::parse, render::Renderer};
use crate::{
    storage::Storage,
    store::{NewJob, Store},
};

const USD_PER_FRAME: f64 = 0.000_4;

pub(crate) struct Pipeline {
    pub(crate) store: Store,
    pub(crate) storage: Storage,
}

/// What a job that ended well came to.
pub(crate) struct Finished {
    pub(crate) scenes: usize,
    pub(crate) cost_usd: f64,
}

impl Pipeline {
    pub(crate) async fn run(self, job: NewJob) -> Result<Finished, PipelineError> {
        self.at(&job, "parse").await?;
        let scenes = parse(&job.script)?;

        self.at(&job, "render").await?;
        let renderer = Renderer::new(job.niche, &job.title, scenes.len());
        let mut frames = Vec::new();
        for (number, scene) in scenes.iter().enumerate() {
            frames.extend(renderer.render(number, scene, &self.storage).await?);
        }

        self.at(&job, "encode").await?;
        let video = encode(&frames)?;

        self.at(&job, "store").await?;
        store(&self.storage, job.id, &video).await?;
        tracing::info!(
            scenes = scenes.len(),
            frames = frames.len(),
            bytes = video.len(),
            "Video stored"
        );
        Ok(Finished {
            scenes: scenes.len(),
            cost_usd: frames.len() as f64 * USD_PER_FRAME,
        })
    }

    /// Tells those who ask for the job which step it is at.
    async fn at(&self, job: &NewJob, step: &str) -> Result<(), PipelineError> {
        self.store
            .set_step(job.id, step)
            .await
            .map_err(PipelineError::Record)
    }
}

#[instrument_step]
async fn store(storage: &Storage, id: Uuid, video: &[u8]) -> Result<(), PipelineError> {
    storage
        .write_video(id, video)
        .await
        .map_err(PipelineError::Storage)
}
