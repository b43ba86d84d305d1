//! `http_open_connections` is exact, whatever becomes of a connection.

#[cfg(unix)]
use std::{net::TcpStream as StdStream, os::fd::OwnedFd};

use futures_util::StreamExt as _;
use monitor_layer::testing::TestMonitor;
use tokio::task::JoinSet;

use super::served::Served;
use crate::support::eventually;

#[tokio::test]
async fn it_is_0_before_the_first_connection() {
    let served = Served::start().await;
    served.ask("/").await;
    served
        .eventually("none to be open", || {
            served.monitor.has_metric("http_open_connections", [])
                && served.open_connections() == 0.0
        })
        .await;
}

#[tokio::test]
async fn each_is_counted_from_its_acceptance_to_its_close() {
    let served = Served::start().await;
    let mut clients = Vec::new();
    for open in 1..=5_u8 {
        clients.push(served.client().await);
        served
            .eventually("it to be counted", || {
                served.open_connections() == f64::from(open)
            })
            .await;
    }
    drop(clients);
    served
        .eventually("all to be closed", || served.open_connections() == 0.0)
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn it_is_0_again_after_a_storm_of_clients_that_vanish_panics_and_upgrades() {
    let served = Served::start().await;
    let address = served.address;
    let mut clients = JoinSet::new();
    for index in 0..200 {
        clients.spawn(async move {
            if index % 5 == 4 {
                let url = format!("ws://{address}/echo");
                let (mut socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
                if index % 2 == 0 {
                    socket.close(None).await.unwrap();
                    while let Some(Ok(_)) = socket.next().await {}
                }
                return;
            }
            let mut client = crate::support::Client::connect(address).await;
            match index % 5 {
                // Vanishes before it says anything, in the middle of a head, or before its answer.
                0 if index % 2 == 0 => {}
                0 => client.send_raw(b"GET / HT").await,
                1 => client.send("GET /gated").await,
                2 => {
                    client.send("GET /panic").await;
                    client.read_until("500").await;
                }
                // A panic that takes the connection along.
                _ => {
                    client.send("GET /abort").await;
                    client.read_to_close().await;
                }
            }
        });
    }
    while let Some(ended) = clients.join_next().await {
        ended.unwrap();
    }
    served
        .eventually("all to be closed", || served.open_connections() == 0.0)
        .await;
    served
        .eventually("all to be over", || served.active() == 0.0)
        .await;
    assert_eq!(served.outcomes("upgraded"), 40.0);
    assert_eq!(served.outcomes("panicked"), 80.0);
}

#[tokio::test]
async fn an_upgraded_connection_is_open_until_it_is_closed() {
    let served = Served::start().await;
    let url = format!("ws://{}/echo", served.address);
    let (socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
    served.ask("/").await;
    served
        .eventually("the other one to be closed", || {
            served.open_connections() == 1.0
        })
        .await;
    assert_eq!(served.active(), 1.0);
    drop(socket);
    served
        .eventually("it to be closed", || served.open_connections() == 0.0)
        .await;
}

#[tokio::test(start_paused = true)]
async fn one_that_asks_for_nothing_is_closed_after_30_seconds() {
    let served = Served::start().await;
    let start = tokio::time::Instant::now();
    let mut client = served.client().await;
    // Half a head is nothing yet.
    client.send_raw(b"GET / HTTP/1.1\r\nhost: te").await;
    assert_eq!(client.read_to_close().await, "");
    assert_eq!(start.elapsed().as_secs(), 30);
}

#[tokio::test(start_paused = true)]
async fn one_that_asks_for_no_more_is_closed_after_the_idle_limit() {
    let limit = std::time::Duration::from_secs(7);
    let served = Served::start_with(|serve| serve.idle_limit(limit)).await;
    let mut client = served.client().await;
    client.send("GET /").await;
    client.read_until("here").await;
    let start = tokio::time::Instant::now();
    assert_eq!(client.read_to_close().await, "");
    assert_eq!(start.elapsed().as_secs(), 7);
}

#[cfg(unix)]
#[tokio::test]
async fn a_listener_that_does_not_listen_is_an_error_that_says_so() {
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let connected = StdStream::connect(other.local_addr().unwrap()).unwrap();
    // Its end makes the other end ready.
    drop(other);
    let listener = std::net::TcpListener::from(OwnedFd::from(connected));
    listener.set_nonblocking(true).unwrap();
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    let monitor = TestMonitor::new("api");
    let app: axum::Router = axum::Router::new();
    let error = monitor.serve(listener, app).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the listener accepts no connections: Invalid argument (os error 22); \
         check that its socket was bound and listens"
    );
}

#[tokio::test]
async fn under_axum_serve_a_counted_listener_counts_them() {
    let monitor = TestMonitor::new("api");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = crate::exchange::upgrades::echo().layer(monitor.layer());
    let listener = monitor.count_connections(listener);
    assert!(monitor.has_metric("http_open_connections", []));
    let serving = tokio::spawn(async move { axum::serve(listener, app).await });
    let open = async |count: f64| {
        eventually("connections to be counted", || {
            (monitor.metric("http_open_connections", []) == count).then_some(())
        })
        .await;
    };
    let client = crate::support::Client::connect(address).await;
    let url = format!("ws://{address}/echo");
    let (socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
    open(2.0).await;
    drop(client);
    open(1.0).await;
    drop(socket);
    open(0.0).await;
    serving.abort();
}
