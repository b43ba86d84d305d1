//! The checks that come with the library, against real sockets.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener},
    thread::{self, JoinHandle},
    time::Duration,
};

use monitor_layer::{HealthCheck, testing::TestMonitor};

use super::{is_healthy, told};

/// Whether it is healthy, and what is told of it.
async fn run(check: HealthCheck) -> (bool, Vec<String>) {
    let monitor = TestMonitor::build("api", |builder| builder.check("it", check)).unwrap();
    let healthy = is_healthy(&monitor, "it").await;
    (healthy, told(&monitor, "problem"))
}

fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// One where nobody listens.
fn closed() -> SocketAddr {
    listen().1
}

/// Answers one request, and gives back its head.
fn serve(answer: &'static str) -> (SocketAddr, JoinHandle<String>) {
    let (listener, address) = listen();
    let served = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = vec![];
        let mut buffer = [0; 1024];
        while !head.ends_with(b"\r\n\r\n") {
            let count = stream.read(&mut buffer).unwrap();
            assert_ne!(count, 0, "the client left");
            head.extend_from_slice(&buffer[..count]);
        }
        stream.write_all(answer.as_bytes()).unwrap();
        String::from_utf8(head).unwrap()
    });
    (address, served)
}

#[tokio::test]
async fn a_tcp_address_is_healthy_where_it_takes_connections() {
    let (_listener, address) = listen();
    assert_eq!(
        run(HealthCheck::tcp(address.to_string())).await,
        (true, vec![])
    );
    let named = format!("localhost:{}", address.port());
    assert_eq!(run(HealthCheck::tcp(named)).await, (true, vec![]));

    let closed = closed();
    let (healthy, told) = run(HealthCheck::tcp(closed.to_string())).await;
    assert!(!healthy);
    let expected = format!("failed: {closed} takes no connection: ");
    assert!(told[0].starts_with(&expected), "{told:?}");

    let (healthy, told) = run(HealthCheck::tcp("no.such.host.invalid:80")).await;
    assert!(!healthy);
    assert_eq!(told.len(), 1);
}

#[tokio::test]
async fn a_url_is_healthy_where_it_is_answered_with_a_2xx() {
    for (answer, problem) in [
        ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", None),
        ("HTTP/1.1 204 No Content\r\n\r\n", None),
        (
            "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n",
            Some("failed: it answers 503; expected a 2xx"),
        ),
        (
            "HTTP/1.1 302 Found\r\nlocation: /login?token=hunter2\r\ncontent-length: 0\r\n\r\n",
            Some("failed: it answers 302; expected a 2xx"),
        ),
    ] {
        let (address, served) = serve(answer);
        let (healthy, told) =
            run(HealthCheck::http(format!("http://{address}/health?full=1"))).await;
        assert_eq!(
            (healthy, told),
            (
                problem.is_none(),
                problem.map(str::to_owned).into_iter().collect()
            )
        );
        let head = served.join().unwrap();
        assert!(
            head.starts_with("GET /health?full=1 HTTP/1.1\r\n"),
            "{head}"
        );
        assert!(head.contains("user-agent: monitor-layer/"), "{head}");
    }
}

#[tokio::test]
async fn a_url_that_nobody_answers_is_unhealthy() {
    let limit = Duration::from_millis(100);
    // Takes connections, by the system, and is silent.
    let (_listener, silent) = listen();
    for address in [closed(), silent] {
        let check = HealthCheck::http(format!("http://{address}/")).time_limit(limit);
        let (healthy, told) = run(check).await;
        assert!(!healthy, "{told:?}");
        assert_eq!(told.len(), 1);
    }
}

#[tokio::test]
async fn a_url_of_https_is_asked_over_tls() {
    const HANDSHAKE: u8 = 22;

    let (listener, address) = listen();
    let begun = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut first = [0];
        stream.read_exact(&mut first).unwrap();
        first[0]
    });
    let (healthy, _) = run(HealthCheck::http(format!("https://{address}/"))).await;
    assert!(!healthy);
    assert_eq!(begun.join().unwrap(), HANDSHAKE);
}

#[tokio::test]
async fn a_disk_is_healthy_where_enough_space_is_left() {
    let folder = std::env::temp_dir();
    assert_eq!(
        run(HealthCheck::disk_space(&folder, 1)).await,
        (true, vec![])
    );

    let (healthy, told) = run(HealthCheck::disk_space(&folder, u64::MAX)).await;
    assert!(!healthy);
    let expected = format!(
        " bytes are left at {}; expected 18446744073709551615",
        folder.display()
    );
    assert!(told[0].ends_with(&expected), "{told:?}");

    let (healthy, told) = run(HealthCheck::disk_space(folder.join("no such folder"), 1)).await;
    assert!(!healthy);
    assert!(told[0].contains("cannot be found out: "), "{told:?}");
}
