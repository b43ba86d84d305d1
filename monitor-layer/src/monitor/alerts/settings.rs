use crate::monitor::InvalidSetting;

pub(super) const SLACK: &str = "SLACK_WEBHOOK_URL";
pub(super) const PAGERDUTY: &str = "PAGERDUTY_ROUTING_KEY";
pub(super) const ALERTMANAGER: &str = "ALERTMANAGER_URL";

/// What the environment says of channels.
#[derive(Default)]
pub(in crate::monitor) struct AlertSettings {
    pub(super) slack_webhook_url: Option<String>,
    pub(super) pagerduty_routing_key: Option<String>,
    pub(super) alertmanager_url: Option<String>,
}

impl AlertSettings {
    pub(in crate::monitor) fn read(
        text: impl Fn(&'static str) -> Result<Option<String>, InvalidSetting>,
    ) -> Result<Self, InvalidSetting> {
        Ok(Self {
            slack_webhook_url: text(SLACK)?,
            pagerduty_routing_key: text(PAGERDUTY)?,
            alertmanager_url: text(ALERTMANAGER)?,
        })
    }
}

/// Which are set, and no more: all of them are secrets, or may hold one.
impl std::fmt::Debug for AlertSettings {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let set = [
            (SLACK, &self.slack_webhook_url),
            (PAGERDUTY, &self.pagerduty_routing_key),
            (ALERTMANAGER, &self.alertmanager_url),
        ];
        let set = set.iter().filter(|(_, value)| value.is_some());
        formatter
            .debug_list()
            .entries(set.map(|(name, _)| name))
            .finish()
    }
}
