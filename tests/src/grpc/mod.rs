mod services;
mod statuses;
