use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use monitor_layer::{Admission, Cause, End, GrpcStatus, Observe, Outcome, RequestHead, StreamKind};

use super::eventually;

/// An observer that keeps every outcome.
#[derive(Clone, Default)]
pub(crate) struct Recorder {
    started: Arc<AtomicUsize>,
    admitted: Arc<AtomicUsize>,
    ended: Arc<Mutex<Vec<Record>>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) end: End,
    pub(crate) status: u16,
    pub(crate) response_bytes: u64,
    pub(crate) stream: Option<StreamKind>,
    pub(crate) grpc_status: Option<GrpcStatus>,
    pub(crate) route: Option<String>,
    pub(crate) cause: Option<String>,
    pub(crate) request_id: Option<String>,
}

impl Recorder {
    pub(crate) fn started(&self) -> usize {
        self.started.load(Ordering::SeqCst)
    }

    pub(crate) fn admitted(&self) -> usize {
        self.admitted.load(Ordering::SeqCst)
    }

    pub(crate) fn ended(&self) -> Vec<Record> {
        self.ended.lock().unwrap().clone()
    }

    /// The one exchange there was, once it is over.
    pub(crate) async fn only(&self) -> Record {
        let records = eventually("the exchange to be over", || {
            let ended = self.ended();
            (!ended.is_empty()).then_some(ended)
        })
        .await;
        assert_eq!(records.len(), 1, "{records:?}");
        assert_eq!((self.started(), self.admitted()), (1, 1));
        records.into_iter().next().unwrap()
    }

    pub(crate) async fn end(&self) -> End {
        self.only().await.end
    }
}

impl Observe for Recorder {
    type Exchange = Option<String>;

    fn start(&self, request: &RequestHead<'_>) -> Self::Exchange {
        self.started.fetch_add(1, Ordering::SeqCst);
        let id = request.headers.get("x-request-id")?;
        Some(String::from_utf8_lossy(id.as_bytes()).into_owned())
    }

    fn admit(&self, _: &mut Self::Exchange, _: &Admission<'_>) {
        self.admitted.fetch_add(1, Ordering::SeqCst);
    }

    fn end(&self, request_id: Self::Exchange, outcome: &Outcome<'_>) {
        self.ended.lock().unwrap().push(Record {
            end: outcome.end,
            status: outcome.status.as_u16(),
            response_bytes: outcome.response_bytes,
            stream: outcome.stream,
            grpc_status: outcome.grpc_status,
            route: outcome.route.map(|route| route.as_str().to_owned()),
            cause: outcome.cause.map(|cause| match cause {
                Cause::Panic(message) => message.to_owned(),
                Cause::Error(error) => error.to_string(),
                Cause::Opaque(type_name) => type_name.to_owned(),
                _ => "another cause".to_owned(),
            }),
            request_id,
        });
    }
}
