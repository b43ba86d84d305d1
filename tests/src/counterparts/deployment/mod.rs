//! That what `infra/` deploys fits together: files, names and ports that one part asks of another are there, and what
//! has a schema holds it. Nothing here is started but the demo.

mod collector;
mod compose;
mod grafana;
mod kubernetes;
mod prometheus;
mod yaml;
