use serde_json::Value;

/// The document with another value at this place, or with one more.
pub(crate) fn changed(document: &Value, pointer: &str, value: Value) -> Value {
    let mut changed = document.clone();
    let (parent, last) = pointer.rsplit_once('/').unwrap();
    let parent = changed.pointer_mut(parent).unwrap();
    match last.parse::<usize>() {
        Ok(index) => parent[index] = value,
        Err(_) => parent[last] = value,
    }
    changed
}
