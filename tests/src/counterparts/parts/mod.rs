//! What the tests start, ask and wait for.

mod alertmanager;
mod bugsink;
mod demo;
mod folder;
mod form;
mod http;
mod program;
mod prometheus;
mod proxy;
mod python;
mod rotel;
mod traffic;
mod wait;

pub(crate) use self::{
    alertmanager::Alertmanager,
    bugsink::Bugsink,
    demo::{Demo, LoggedRequest},
    folder::Folder,
    form::Form,
    http::Http,
    program::{program, run},
    prometheus::{Job, Prometheus},
    proxy::Proxy,
    python::Python,
    rotel::Rotel,
    traffic::{drive_everything, health_client, sign_up_slowly},
    wait::{until, within},
};
