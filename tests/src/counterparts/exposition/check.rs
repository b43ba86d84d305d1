//! What holds in every form.

use std::collections::BTreeSet;

use super::{
    Exemplar, Exposition, Family, Kind, Labels, Sample,
    line::{is_label_name, is_metric_name, number},
};

/// The most characters that an exemplar's labels may have, names and values together.
const EXEMPLAR_LIMIT: usize = 128;

pub(super) fn checked(exposition: Exposition) -> Result<Exposition, String> {
    let mut families = BTreeSet::new();
    let mut series = BTreeSet::new();
    for family in &exposition.families {
        if !families.insert(&family.name) {
            return Err(format!("{} has two blocks", family.name));
        }
        for sample in &family.samples {
            check_sample(family, sample)?;
            if !series.insert((&sample.name, &sample.labels)) {
                return Err(format!("a series is there twice: {sample:?}"));
            }
        }
        if family.kind == Kind::Histogram {
            check_histograms(family)?;
        }
    }
    Ok(exposition)
}

fn check_sample(family: &Family, sample: &Sample) -> Result<(), String> {
    if !is_metric_name(&sample.name) || !sample.labels.keys().all(|name| is_label_name(name)) {
        return Err(format!("a name is none: {sample:?}"));
    }
    if family.kind == Kind::Counter && !(sample.value.is_finite() && sample.value >= 0.0) {
        return Err(format!("a counter is no amount: {sample:?}"));
    }
    let is_bucket = family.kind == Kind::Histogram && sample.name.ends_with("_bucket");
    if sample.labels.contains_key("le") != is_bucket {
        return Err(format!(
            "le belongs to buckets, and to them alone: {sample:?}"
        ));
    }
    match &sample.exemplar {
        Some(_) if !is_bucket && family.kind != Kind::Counter => Err(format!(
            "an exemplar belongs to a counter or a bucket: {sample:?}"
        )),
        Some(exemplar) => check_exemplar(exemplar),
        None => Ok(()),
    }
}

fn check_exemplar(exemplar: &Exemplar) -> Result<(), String> {
    let length = |(name, value): (&String, &String)| name.chars().count() + value.chars().count();
    if exemplar.labels.iter().map(length).sum::<usize>() > EXEMPLAR_LIMIT {
        return Err(format!("an exemplar is too long: {exemplar:?}"));
    }
    if exemplar.labels.is_empty() || !exemplar.labels.keys().all(|name| is_label_name(name)) {
        return Err(format!("an exemplar has no sound labels: {exemplar:?}"));
    }
    if !exemplar.value.is_finite() || exemplar.timestamp.is_some_and(|time| !time.is_finite()) {
        return Err(format!("an exemplar is no observation: {exemplar:?}"));
    }
    Ok(())
}

fn check_histograms(family: &Family) -> Result<(), String> {
    let mut over = BTreeSet::new();
    for samples in family
        .samples
        .chunk_by(|one, next| histogram_of(one) == histogram_of(next))
    {
        let labels = histogram_of(&samples[0]);
        check_histogram(&family.name, samples)
            .map_err(|problem| format!("{} {labels:?}: {problem}", family.name))?;
        if !over.insert(labels) {
            return Err(format!("{}: a histogram in two pieces", family.name));
        }
    }
    Ok(())
}

fn check_histogram(name: &str, samples: &[Sample]) -> Result<(), String> {
    let of = |suffix: &str| {
        let name = format!("{name}{suffix}");
        samples.iter().filter(move |sample| sample.name == name)
    };
    let (mut below, mut bound_before) = (0.0, f64::NEG_INFINITY);
    for bucket in of("_bucket") {
        let bound = number(&bucket.labels["le"])?;
        if bound.partial_cmp(&bound_before) != Some(std::cmp::Ordering::Greater) {
            return Err(format!("the bound {bound} after {bound_before}"));
        }
        if !is_count(bucket.value) || bucket.value < below {
            return Err(format!("{} is no cumulative count", bucket.value));
        }
        if let Some(exemplar) = &bucket.exemplar
            && !(bound_before < exemplar.value && exemplar.value <= bound)
        {
            return Err(format!("{exemplar:?} is not in the bucket up to {bound}"));
        }
        (below, bound_before) = (bucket.value, bound);
    }
    if bound_before != f64::INFINITY {
        return Err("there is no bucket +Inf".to_owned());
    }
    let count = of("_count").next().ok_or("there is no count")?.value;
    if count != below {
        return Err(format!("the count is {count}, the last bucket's {below}"));
    }
    let sum = of("_sum").next().ok_or("there is no sum")?.value;
    if count == 0.0 && sum != 0.0 {
        return Err(format!("a sum of {sum} of nothing"));
    }
    Ok(())
}

fn histogram_of(sample: &Sample) -> Labels {
    let mut labels = sample.labels.clone();
    labels.remove("le");
    labels
}

fn is_count(value: f64) -> bool {
    value >= 0.0 && value.fract() == 0.0
}
