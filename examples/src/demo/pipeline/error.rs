use std::io;

use monitor_layer::Categorize;

use super::parse::MOST_SCENES;

/// Why a script did not become a video.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PipelineError {
    #[error(
        "the pause {0:?} is none; expected seconds or milliseconds up to a minute, as 2s or 500ms"
    )]
    InvalidPause(String),
    #[error("the script has {0} scenes; at most {MOST_SCENES} are rendered")]
    TooManyScenes(usize),
    #[error("the pauses last over a minute together")]
    TooLongPauses,
    #[error("the number of attempts {0:?} is none; expected one from 0 to 99")]
    InvalidBusy(String),
    #[error("the renderer is busy")]
    Busy,
    #[error("the process ended {0} times while it worked on this job")]
    Poisoned(u32),
    #[error("the image {name:?} is not among the assets")]
    AssetMissing {
        name: String,
        #[source]
        source: io::Error,
    },
    #[error("the image {name:?} is no GIF that can be read")]
    AssetUnreadable {
        name: String,
        #[source]
        source: gif::DecodingError,
    },
    #[error("the frames cannot be encoded")]
    Encoding(#[source] gif::EncodingError),
    #[error("the video cannot be stored")]
    Storage(#[source] io::Error),
    #[error("the job's record cannot be written")]
    Record(#[source] sqlx::Error),
}

impl PipelineError {
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::InvalidPause(_) => "PIPELINE_INVALID_PAUSE",
            Self::TooManyScenes(_) => "PIPELINE_TOO_MANY_SCENES",
            Self::TooLongPauses => "PIPELINE_PAUSES_TOO_LONG",
            Self::InvalidBusy(_) => "PIPELINE_INVALID_BUSY",
            Self::Busy => "PIPELINE_BUSY",
            Self::Poisoned(_) => "PIPELINE_POISONED",
            Self::AssetMissing { .. } => "PIPELINE_ASSET_MISSING",
            Self::AssetUnreadable { .. } => "PIPELINE_ASSET_UNREADABLE",
            Self::Encoding(_) => "PIPELINE_ENCODING_FAILED",
            Self::Storage(_) => "PIPELINE_STORAGE_FAILED",
            Self::Record(_) => "PIPELINE_RECORD_FAILED",
        }
    }
}

impl PipelineError {
    /// Whether it is not the script's fault.
    pub(crate) const fn is_ours(&self) -> bool {
        matches!(
            self,
            Self::Busy | Self::Poisoned(_) | Self::Encoding(_) | Self::Storage(_) | Self::Record(_)
        )
    }
}

impl Categorize for PipelineError {
    fn code(&self) -> Option<&str> {
        Some(self.code())
    }

    /// What depends on the script or on an asset is so at every attempt.
    fn is_transient(&self) -> bool {
        matches!(self, Self::Busy | Self::Storage(_) | Self::Record(_))
    }
}
