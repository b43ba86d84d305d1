use super::{Definition, Kind, Label, budgeted, closed, code, label_values};
use crate::metrics::{JobEnd, JobStatus, StepStatus};

pub(crate) const JOB_END: Label = closed("status", label_values!(JobEnd));
pub(crate) const JOB_STATUS: Label = closed("status", label_values!(JobStatus));
pub(crate) const NICHE: Label = budgeted("niche");
pub(crate) const STEP: Label = code("step");
pub(crate) const STEP_STATUS: Label = closed("status", label_values!(StepStatus));

/// The metrics of jobs and steps.
pub(crate) const WORK: [&Definition; 6] = [
    &JOB_DURATION,
    &STEP_DURATION,
    &STEPS_ACTIVE,
    &JOB_QUEUE_DEPTH,
    &JOBS_BY_STATUS,
    &JOB_QUEUE_WAIT,
];

pub(crate) const JOB_DURATION: Definition = Definition {
    name: "job_duration_seconds",
    kind: Kind::Seconds(&[
        0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0,
    ]),
    help: "Time from a job's first start to its final end.",
    labels: &[JOB_END, NICHE],
};
pub(crate) const STEP_DURATION: Definition = Definition {
    name: "pipeline_step_duration_seconds",
    kind: Kind::Seconds(&[
        0.01, 0.1, 0.5, 1.0, 2.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0,
    ]),
    help: "Time that a step took.",
    labels: &[STEP, STEP_STATUS],
};
pub(crate) const STEPS_ACTIVE: Definition = Definition {
    name: "pipeline_steps_active",
    kind: Kind::Gauge,
    help: "Steps that are running.",
    labels: &[STEP],
};
pub(crate) const JOB_QUEUE_DEPTH: Definition = Definition {
    name: "job_queue_depth",
    kind: Kind::Gauge,
    help: "Jobs that wait in the queue; the whole queue, whoever reports it.",
    labels: &[],
};
pub(crate) const JOBS_BY_STATUS: Definition = Definition {
    name: "jobs_by_status",
    kind: Kind::Gauge,
    help: "Jobs by their status.",
    labels: &[JOB_STATUS],
};
pub(crate) const JOB_QUEUE_WAIT: Definition = Definition {
    name: "job_queue_wait_seconds",
    kind: Kind::Seconds(&[0.1, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0]),
    help: "Time that a job waited in the queue, to its first start.",
    labels: &[NICHE],
};
