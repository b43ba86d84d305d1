use axum::Router;
use tokio::net::TcpListener;

/// The address of a webhook that takes all; gone with the test.
pub(crate) async fn slack() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app: Router = Router::new().fallback(async || "ok");
    tokio::spawn(async move { axum::serve(listener, app).await });
    format!("http://{address}/services/T0/B0/x")
}
