mod bad_days;
mod export;
mod identity;
mod kept;
