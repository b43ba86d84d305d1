//! What a gathered counter or gauge says, in a build with `prometheus/protobuf` and in one without.
//!
//! Any crate in the tree may switch that feature on. With it the messages have a method `value`, without it
//! `get_value`; each of these traits gives the one that is missing, in terms of the one that is there.

use prometheus::proto::{Counter, Gauge};

#[allow(dead_code)] // In one of the two builds.
pub(super) trait GetValue {
    fn get_value(&self) -> f64;
}

#[allow(dead_code)] // Called by the other one alone.
pub(super) trait Value {
    fn value(&self) -> f64;
}

macro_rules! both {
    ($message:ty) => {
        impl GetValue for $message {
            fn get_value(&self) -> f64 {
                self.value()
            }
        }

        impl Value for $message {
            fn value(&self) -> f64 {
                self.get_value()
            }
        }
    };
}

both!(Counter);
both!(Gauge);
