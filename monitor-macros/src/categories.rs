/// The categories of errors, as they stand in metrics and logs, and as they stand in code.
pub(crate) const CATEGORIES: [(&str, &str); 6] = [
    ("auth", "Auth"),
    ("pipeline", "Pipeline"),
    ("payment", "Payment"),
    ("timeout", "Timeout"),
    ("rate_limit", "RateLimit"),
    ("unknown", "Unknown"),
];
