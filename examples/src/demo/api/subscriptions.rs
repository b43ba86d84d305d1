use axum::{
    extract::{Path, State},
    http::StatusCode,
};

use super::{
    Api, ApiError,
    input::{Input, Subscribe, is_user},
};

pub(super) async fn subscribe(
    State(api): State<Api>,
    Input(subscribe): Input<Subscribe>,
) -> Result<StatusCode, ApiError> {
    let (user, plan) = subscribe.validate()?;
    monitor_layer::current()
        .user(user.as_str())
        .tag("plan", plan.as_str());
    api.subscriptions.start(user, plan).await?;
    Ok(StatusCode::CREATED)
}

pub(super) async fn unsubscribe(
    State(api): State<Api>,
    Path(user): Path<String>,
) -> Result<StatusCode, ApiError> {
    // What is no user subscribes to nothing.
    if !is_user(&user) {
        return Err(ApiError::no_subscription());
    }
    monitor_layer::current().user(user.as_str());
    match api.subscriptions.end(user).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(ApiError::no_subscription()),
    }
}
