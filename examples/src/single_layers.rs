//! Single layers around a plain tower service on hyper, with a registry of one's own.
//!
//! `cargo run --bin single-layers`, then `curl -i localhost:3000/`; every tenth answer prints the metrics.

use std::{convert::Infallible, io::Write as _};

use http::{Request, Response};
use hyper::body::Incoming;
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use monitor_layer::{ExchangeLayer, HttpMetrics, Route, Sampler, TraceContextLayer};
use prometheus::{Encoder as _, Registry, TextEncoder};
use tower::{ServiceBuilder, service_fn};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let registry = Registry::new();
    let metrics = HttpMetrics::builder().register(&registry)?;

    let service = ServiceBuilder::new()
        .layer(TraceContextLayer::new(Sampler::ratio(0.1)?))
        .layer(ExchangeLayer::new(metrics))
        .service(service_fn(greet));

    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    for accepted in 1_u64.. {
        let (stream, _) = listener.accept().await?;
        let service = TowerToHyperService::new(service.clone());
        tokio::spawn(async move {
            let connection = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service);
            if let Err(error) = connection.await {
                tracing::debug!(%error, "The client went away");
            }
        });
        if accepted % 10 == 0 {
            let mut text = Vec::new();
            TextEncoder::new().encode(&registry.gather(), &mut text)?;
            std::io::stdout().write_all(&text)?;
        }
    }
    Ok(())
}

async fn greet(_: Request<Incoming>) -> Result<Response<String>, Infallible> {
    let mut response = Response::new("Hello!\n".to_owned());
    response.extensions_mut().insert(Route::new("/"));
    Ok(response)
}
