//! The demo, broken for real: the alert of `infra/alerts.yml` arrives where PagerDuty and Slack would be, and is resolved
//! when the demo is mended.

mod breakage;
mod faster;
mod receivers;
mod scene;
