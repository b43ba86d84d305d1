//! `active_users`: counted by the service, or estimated without an id.

use axum::{Router, extract::Path, routing::get};
use http::Method;
use monitor_layer::{ActiveWindow, current, testing::TestMonitor};

use super::{Form, scrape, scraped, value};
use crate::support::send;

const WINDOWS: [&str; 3] = ["5m", "1h", "24h"];

async fn counted(monitor: &TestMonitor) -> [Option<f64>; 3] {
    let read = scrape(monitor, Form::Text).await;
    WINDOWS.map(|window| value(&read, "active_users", &[("window", window)]))
}

#[tokio::test]
async fn users_that_exchanges_name_are_estimated_and_no_id_comes_out() {
    let monitor = TestMonitor::new("api");
    assert_eq!(counted(&monitor).await, [None; 3], "nobody was seen");
    let app = Router::new()
        .route(
            "/users/{id}",
            get(async |Path(id): Path<String>| {
                current().user(id.as_str());
            }),
        )
        .layer(monitor.layer())
        .with_state(());
    for id in ["ada-1815", "grace-1906", "ada-1815"] {
        send(&app, Method::GET, &format!("/users/{id}")).await;
    }
    assert_eq!(counted(&monitor).await, [Some(2.0); 3]);
    monitor.business().active_user("edsger-1930");
    monitor.business().active_user("ada-1815");
    assert_eq!(counted(&monitor).await, [Some(3.0); 3]);
    for form in Form::ALL {
        let bytes = scraped(&monitor, form).await;
        let text = String::from_utf8_lossy(&bytes);
        // Whole ids: a name alone may stand in an exemplar's hex digits, as "ada" does.
        for id in ["ada-1815", "grace-1906", "edsger-1930"] {
            assert!(!text.contains(id), "{form:?} {id}");
        }
    }
}

#[tokio::test]
async fn a_thousand_users_are_estimated_within_some_percent() {
    let monitor = TestMonitor::new("api");
    for user in 0..1_000 {
        monitor.business().active_user(&format!("user-{user}"));
    }
    for window in counted(&monitor).await {
        // Six standard errors: the key is another one in each run.
        assert!((window.unwrap() - 1_000.0).abs() < 100.0, "{window:?}");
    }
}

#[tokio::test]
async fn what_the_service_counts_itself_is_shown_as_it_is() {
    let monitor = TestMonitor::build("api", |builder| {
        builder.active_users(|window| match window {
            ActiveWindow::FiveMinutes => Some(3),
            ActiveWindow::Hour => Some(40),
            ActiveWindow::Day => None,
        })
    })
    .unwrap();
    monitor.business().active_user("u-1");
    for form in Form::ALL {
        let read = scrape(&monitor, form).await;
        let counted = WINDOWS.map(|window| value(&read, "active_users", &[("window", window)]));
        assert_eq!(counted, [Some(3.0), Some(40.0), None], "{form:?}");
    }
}

#[tokio::test]
async fn a_count_that_panics_shows_nothing_and_the_scrape_works() {
    let monitor = TestMonitor::build("api", |builder| {
        builder.active_users(|window| match window {
            ActiveWindow::Hour => panic!("no database"),
            _ => Some(7),
        })
    })
    .unwrap();
    assert_eq!(counted(&monitor).await, [Some(7.0), None, Some(7.0)]);
    let read = scrape(&monitor, Form::OpenMetrics).await;
    assert_eq!(value(&read, "active_users", &[]), Some(14.0));
}
