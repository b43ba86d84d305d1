//! What the tests start, ask and wait for.

mod alertmanager;
mod bugsink;
mod changed;
mod demo;
mod folder;
mod form;
mod http;
mod node;
mod program;
mod prometheus;
mod proxy;
mod python;
mod rotel;
mod slack;
mod traffic;
mod wait;

pub(crate) use self::{
    alertmanager::Alertmanager,
    bugsink::Bugsink,
    changed::changed,
    demo::{Demo, LoggedRequest},
    folder::Folder,
    form::Form,
    http::Http,
    node::Node,
    program::{Output, installed, program, run},
    prometheus::{Job, Prometheus},
    proxy::Proxy,
    python::Python,
    rotel::Rotel,
    slack::slack,
    traffic::{ask_for_everything, drive_everything, health_client, sign_up_slowly},
    wait::{until, within},
};
