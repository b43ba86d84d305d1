use axum::{extract::State, http::StatusCode};
use monitor_layer::Revenue;
use serde::Deserialize;

use super::{Api, ApiError, input::Input};

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum SignUp {
    Email,
    Google,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SignUpBody {
    method: SignUp,
}

pub(super) async fn sign_up(
    State(api): State<Api>,
    Input(SignUpBody { method }): Input<SignUpBody>,
) -> StatusCode {
    api.monitor.business().signup(match method {
        SignUp::Email => "email",
        SignUp::Google => "google",
    });
    StatusCode::CREATED
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum PurchaseType {
    Purchase,
    Subscription,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PurchaseBody {
    r#type: PurchaseType,
    usd: f64,
}

pub(super) async fn purchase(
    State(api): State<Api>,
    Input(PurchaseBody { r#type, usd }): Input<PurchaseBody>,
) -> Result<StatusCode, ApiError> {
    let kind = match r#type {
        PurchaseType::Purchase => Revenue::Purchase,
        PurchaseType::Subscription => Revenue::Subscription,
    };
    api.monitor
        .business()
        .revenue(kind, usd)
        .map_err(|error| ApiError::invalid("INVALID_AMOUNT", error.to_string()))?;
    Ok(StatusCode::CREATED)
}
