use std::sync::Arc;

use super::host_groups::{GroupId, HostGroups};
#[cfg(feature = "otlp")]
use crate::trace::otlp::{RequestFacts, ended_call};
use crate::{
    exchange::{End, Observe, Outcome, RequestHead},
    monitor::Core,
};

/// Measures the calls of a [`ClientLayer`](crate::ClientLayer), each once, when its response is over.
#[derive(Clone)]
pub struct ClientObserver {
    pub(super) core: Arc<Core>,
    pub(super) groups: Arc<HostGroups>,
}

/// What is kept of one call.
#[derive(Debug)]
pub struct ClientCall {
    group: GroupId,
    #[cfg(feature = "otlp")]
    facts: Option<RequestFacts>,
}

impl Observe for ClientObserver {
    type Exchange = ClientCall;

    fn times_response_start(&self) -> bool {
        false
    }

    fn start(&self, request: &RequestHead<'_>) -> ClientCall {
        ClientCall {
            group: self.groups.of(request),
            #[cfg(feature = "otlp")]
            facts: (self.core.exporter.is_some()).then(|| RequestFacts::of(request)),
        }
    }

    fn end(&self, call: ClientCall, outcome: &Outcome<'_>) {
        let failed =
            outcome.status.is_server_error() || matches!(outcome.end, End::Failed | End::Panicked);
        // A stream's life says nothing of how fast the callee answers: its time to the head does.
        let took = match (outcome.stream, outcome.response_start) {
            (Some(_), Some(to_head)) => to_head,
            _ => outcome.elapsed,
        };
        let group = self.groups.name(call.group);
        self.core
            .metrics
            .client_call(outcome.method, group, outcome.status, took, failed);
        #[cfg(feature = "otlp")]
        if let Some(facts) = &call.facts {
            ended_call(&self.core, facts, outcome);
        }
    }
}

impl std::fmt::Debug for ClientObserver {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("ClientObserver")
            .field("groups", &self.groups)
            .finish_non_exhaustive()
    }
}
