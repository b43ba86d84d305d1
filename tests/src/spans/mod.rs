mod bad_days;
mod batches;
mod calls;
mod export;
mod identity;
mod kept;
mod second_tracer;
mod starts;
