use axum::{extract::State, http::StatusCode};
use monitor_layer::{InvalidAmount, Revenue};
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
) -> Result<StatusCode, ApiError> {
    let method = match method {
        SignUp::Email => "email",
        SignUp::Google => {
            let confirmed = api.identity.confirm().await;
            if !confirmed.map_err(|error| ApiError::provider_failed(&*error))? {
                return Err(ApiError::unconfirmed());
            }
            "google"
        }
    };
    api.monitor.business().signup(method);
    Ok(StatusCode::CREATED)
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum PaidFor {
    Purchase,
    Subscription,
}

/// Money that comes in, or goes back.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PaymentBody {
    r#type: PaidFor,
    usd: f64,
}

pub(super) async fn purchase(
    State(api): State<Api>,
    Input(PaymentBody { r#type, usd }): Input<PaymentBody>,
) -> Result<StatusCode, ApiError> {
    counted(api.monitor.business().revenue(r#type.into(), usd))
}

pub(super) async fn refund(
    State(api): State<Api>,
    Input(PaymentBody { r#type, usd }): Input<PaymentBody>,
) -> Result<StatusCode, ApiError> {
    counted(api.monitor.business().refund(r#type.into(), usd))
}

fn counted(counted: Result<(), InvalidAmount>) -> Result<StatusCode, ApiError> {
    counted.map_err(|error| ApiError::invalid("INVALID_AMOUNT", error.to_string()))?;
    Ok(StatusCode::CREATED)
}

impl From<PaidFor> for Revenue {
    fn from(paid_for: PaidFor) -> Self {
        match paid_for {
            PaidFor::Purchase => Self::Purchase,
            PaidFor::Subscription => Self::Subscription,
        }
    }
}
