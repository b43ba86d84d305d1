use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
};

use crate::step::StepSite;

/// The sites of steps that are named by pipelines and not by a function, each made once: as many as the code has names.
static SITES: RwLock<Option<HashMap<&'static str, &'static StepSite>>> = RwLock::new(None);

pub(super) fn of(name: &'static str) -> &'static StepSite {
    let known = SITES.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(site) = known.as_ref().and_then(|known| known.get(name)) {
        return site;
    }
    drop(known);
    let mut known = SITES.write().unwrap_or_else(PoisonError::into_inner);
    known
        .get_or_insert_default()
        .entry(name)
        .or_insert_with(|| StepSite::named(name))
}
