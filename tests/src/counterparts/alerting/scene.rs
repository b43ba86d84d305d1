use std::{fs, time::Duration};

use serde_json::{Value, json};

use super::{faster::faster, receivers::Receivers};
use crate::parts::{Alertmanager, Demo, Folder, Http, Prometheus, program, within};

/// Longer than the longest wait of a rule on its fast clock, on a machine that does other things as well.
const LIMIT: Duration = Duration::from_secs(120);

/// The demo, who scrapes it, who notifies, and who is notified.
pub(super) struct Scene {
    pub(super) demo: Demo,
    pub(super) http: Http,
    pub(super) receivers: Receivers,
    prometheus: Prometheus,
    _alertmanager: Alertmanager,
    _rules: Folder,
}

impl Scene {
    /// `None` where Prometheus or Alertmanager is not there.
    pub(super) async fn start() -> Option<Self> {
        let binaries = (program("prometheus")?, program("prometheus-alertmanager")?);
        let (demo, receivers) = (Demo::start().await, Receivers::start().await);
        let at = |path: &str| format!("http://{}/{path}", receivers.address);

        let mut configuration = faster("alertmanager.yml");
        configuration["global"]["pagerduty_url"] = at("pagerduty").into();
        let watchdog = &mut configuration["receivers"][2]["webhook_configs"][0];
        watchdog["url"] = at("watchdog").into();
        let secrets = [
            ("slack_webhook_url", at("slack")),
            ("pagerduty_routing_key", "a-routing-key".to_owned()),
            ("dead_mans_switch_token", "a-token".to_owned()),
        ];
        let secrets = secrets
            .each_ref()
            .map(|(name, secret)| (*name, secret.as_str()));
        let alertmanager = Alertmanager::start(&binaries.1, &configuration, &secrets).await;

        let rules = Folder::new();
        fs::write(rules.join("alerts.yml"), faster("alerts.yml").to_string()).unwrap();
        let mut configuration = faster("prometheus.yml");
        configuration["global"]["scrape_timeout"] = "500ms".into();
        configuration["rule_files"] = json!([rules.join("alerts.yml")]);
        let target = |address: &str| json!([{"targets": [address]}]);
        let address = alertmanager.address.to_string();
        configuration["alerting"]["alertmanagers"][0]["static_configs"] = target(&address);
        let jobs = configuration["scrape_configs"].as_array_mut().unwrap();
        // Where it listens is known only after its start.
        jobs.retain(|job| job["job_name"] != "prometheus");
        for job in jobs {
            job["static_configs"] = match job["job_name"].as_str() {
                Some("demo") => target(demo.url.trim_start_matches("http://")),
                Some("alertmanager") => target(&address),
                name => panic!("{name:?} is not in this scene"),
            };
        }
        let prometheus =
            Prometheus::start_with(&binaries.0, &configuration, "exemplar-storage").await;
        Some(Self {
            demo,
            http: Http::new(),
            receivers,
            prometheus,
            _alertmanager: alertmanager,
            _rules: rules,
        })
    }

    /// Waits for what PagerDuty is told, of this kind and with this summary.
    pub(super) async fn paged(&self, action: &str, summary: &str) -> Value {
        let what = format!("PagerDuty to be told: {action} {summary}");
        self.within(&what, || {
            let mut all = self.receivers.pagerduty().into_iter();
            all.find(|event| {
                let said = event["payload"]["summary"].as_str();
                event["event_action"] == action && said == Some(summary)
            })
        })
        .await
    }

    /// Waits for what Slack is told that begins so.
    pub(super) async fn told(&self, beginning: &str) -> Value {
        let what = format!("Slack to be told: {beginning}");
        self.within(&what, || {
            let mut all = self.receivers.slack().into_iter();
            all.find(|message| message["text"].as_str().unwrap().starts_with(beginning))
        })
        .await
    }

    /// Waits for two more of its signs of life.
    pub(super) async fn hears_the_watchdog_again(&self) {
        let before = self.receivers.watchdog();
        within(LIMIT, "the watchdog to be heard", async || {
            match self.receivers.watchdog() {
                now if now >= before + 2 => Ok(()),
                now => Err(format!("{before}, then {now} times")),
            }
        })
        .await;
    }

    async fn within(&self, what: &str, found: impl Fn() -> Option<Value>) -> Value {
        within(LIMIT, what, async || match found() {
            Some(value) => Ok(value),
            None => {
                let alerts = self.prometheus.query("ALERTS").await;
                let recorded = self.prometheus.query(r#"{__name__=~"job:.+"}"#).await;
                let (paged, told) = (self.receivers.pagerduty(), self.receivers.slack());
                Err(format!(
                    "alerts: {alerts:?} recorded: {recorded:?} PagerDuty: {paged:?} Slack: {told:?}"
                ))
            }
        })
        .await
    }
}
