//! Steps and jobs: counted, timed, traced, logged and captured, each once.

mod jobs;
mod queue;
mod steps;
