//! The rules of `infra/`, as promtool and amtool read them, and that their tests would notice if they were others.

mod amtool;
mod equivalent;
mod mutants;
mod mutation;
mod promtool;
