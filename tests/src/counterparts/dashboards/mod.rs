//! That the dashboards of `infra/` show what there is: their queries ask for what the catalogue has, their form is what
//! Grafana takes, and each panel shows data of the demo.

mod asked;
mod dashboard;
mod data;
mod form;
mod types;
mod variables;
