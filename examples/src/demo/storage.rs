use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use uuid::Uuid;

/// The folders with assets and videos.
#[derive(Clone)]
pub(crate) struct Storage {
    assets: Arc<Path>,
    videos: Arc<Path>,
}

impl Storage {
    pub(crate) async fn open(data_dir: &Path) -> Result<Self, String> {
        let (assets, videos) = (data_dir.join("assets"), data_dir.join("videos"));
        for folder in [&assets, &videos] {
            tokio::fs::create_dir_all(folder).await.map_err(|error| {
                format!(
                    "the folder {} cannot be made: {error}; set DATA_DIR to one that can be written",
                    folder.display()
                )
            })?;
        }
        Ok(Self {
            assets: assets.into(),
            videos: videos.into(),
        })
    }

    /// Whether videos can be written.
    pub(crate) async fn check(&self) -> io::Result<()> {
        let probe = self.videos.join(format!(".probe-{}", Uuid::new_v4()));
        tokio::fs::write(&probe, b"probe").await?;
        tokio::fs::remove_file(&probe).await
    }

    /// The bytes of an asset; a name that leads out of the folder is as one that is not there.
    pub(crate) async fn asset(&self, name: &str) -> io::Result<Vec<u8>> {
        let is_plain = Path::new(name)
            .file_name()
            .is_some_and(|plain| plain == name);
        if !is_plain {
            return Err(io::ErrorKind::NotFound.into());
        }
        tokio::fs::read(self.assets.join(name)).await
    }

    /// Written aside and moved into place, so that nobody reads half of it.
    pub(crate) async fn write_video(&self, id: Uuid, video: &[u8]) -> io::Result<()> {
        let unfinished = self.videos.join(format!("{id}.part"));
        tokio::fs::write(&unfinished, video).await?;
        tokio::fs::rename(&unfinished, self.video_path(id)).await
    }

    pub(crate) async fn video(&self, id: Uuid) -> io::Result<Vec<u8>> {
        tokio::fs::read(self.video_path(id)).await
    }

    fn video_path(&self, id: Uuid) -> PathBuf {
        self.videos.join(format!("{id}.gif"))
    }
}
