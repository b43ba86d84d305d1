mod bad_days;
mod calls;
mod export;
mod identity;
mod kept;
