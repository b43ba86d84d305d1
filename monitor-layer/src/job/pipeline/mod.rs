mod sites;

use super::Progress;
use crate::{error::AsReported, monitor::current_core, step, trace::current};

/// The steps of a job in their order, so that "step n of m" can be told while it runs.
///
/// Each is a step as `#[instrument_step]` makes one ([`step`](Self::step)), or is told of alone, where annotated
/// functions do the work ([`begin`](Self::begin)). Whoever holds the job's [`JobHandle`](crate::JobHandle) reads how far
/// it has come; [`Job::on_progress`](crate::Job::on_progress) is called with it. Outside of a job nobody is told.
///
/// ```
/// use monitor_layer::{Pipeline, testing::TestMonitor};
///
/// async fn render() -> Result<Vec<u8>, std::io::Error> { Ok(vec![1, 2, 3]) }
/// async fn store(_video: Vec<u8>) -> Result<(), std::io::Error> { Ok(()) }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), std::io::Error> {
/// let monitor = TestMonitor::new("worker");
/// let job = monitor.job("job-7").on_progress(|progress| println!("{progress}")); // step 1 of 2: render
/// job.run(async {
///     let mut pipeline = Pipeline::new(["render", "store"]);
///     let video = pipeline.step("render", render()).await?;
///     pipeline.step("store", store(video)).await
/// })
/// .await?;
/// assert_eq!(monitor.metric("pipeline_step_duration_seconds_count", [("step", "store")]), 1.0);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Pipeline {
    steps: Box<[&'static str]>,
    /// How many have begun.
    begun: usize,
}

impl Pipeline {
    /// Of steps with these names, in this order.
    #[must_use]
    pub fn new(steps: impl IntoIterator<Item = &'static str>) -> Self {
        Self {
            steps: steps.into_iter().collect(),
            begun: 0,
        }
    }

    /// Comes to a step, whose work is done by functions that are annotated themselves, or that are no steps.
    ///
    /// Steps in between were left out. One that came before is begun anew. A name that is not in the pipeline changes
    /// nothing but for a warning.
    pub fn begin(&mut self, step: &'static str) {
        let place = |steps: &[&str]| steps.iter().position(|known| *known == step);
        let ahead = self.steps.split_at(self.begun).1;
        let found = place(ahead).map(|further| self.begun + further);
        let Some(place) = found.or_else(|| place(&self.steps)) else {
            if let Some(core) = current_core() {
                let known = self.steps.join(", ");
                core.log.warning(
                    &core,
                    &format!("{step} is no step of the pipeline; expected one of {known}"),
                );
            }
            return;
        };
        self.begun = place + 1;
        let standing = current::with_current(|scope| {
            let unit = scope?.unit.as_ref()?;
            unit.lock().standing.clone()
        });
        if let Some(standing) = standing {
            standing.set_progress(Progress {
                step,
                number: self.begun,
                of: self.steps.len(),
            });
        }
    }

    /// Comes to a step, and observes its work as `#[instrument_step]` would: counted, timed, traced, logged, captured.
    pub fn step<F, T, E, M>(
        &mut self,
        step: &'static str,
        work: F,
    ) -> impl Future<Output = Result<T, E>> + use<F, T, E, M>
    where
        F: Future<Output = Result<T, E>>,
        E: AsReported<M>,
    {
        self.begin(step);
        step::run(sites::of(step).step(), work, |returned: &Result<T, E>| {
            returned.as_ref().err().map(AsReported::as_reported)
        })
    }
}
