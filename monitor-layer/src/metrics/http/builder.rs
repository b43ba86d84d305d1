use std::{borrow::Cow, fmt, sync::Arc};

use super::{
    HttpMetrics, Instruments,
    own_label::{LabelValues, MOST, OwnLabel, OwnLabels, Read},
    routes::{Layouts, Routes},
};
use crate::{
    clock,
    exchange::{RequestHead, ResponseHead},
    metrics::{
        catalog::{self, Definition, Kind, ROUTE, STREAM_KIND},
        exposition::Expose,
        family::Family,
        instrument::{Counters, DEFAULT_SHARDS, Layout, MOST_BUCKETS, MOST_SHARDS},
        register::{RegisterError, is_label_name, is_metric_name, register},
    },
};

/// Says what [`HttpMetrics`] are to measure, and under which names.
#[derive(Clone)]
#[must_use = "a builder does nothing until `register`"]
pub struct HttpMetricsBuilder {
    namespace: Option<String>,
    constant: Vec<(String, String)>,
    own: Vec<(String, LabelValues, Read)>,
    duration_buckets: Option<Vec<f64>>,
    size_buckets: Option<Vec<f64>>,
    response_sizes: bool,
    response_start: bool,
    left_out: Vec<String>,
    pub(in crate::metrics) shards: usize,
}

/// What was said, checked.
pub(in crate::metrics) struct Options {
    pub(in crate::metrics) own: Arc<OwnLabels>,
    pub(super) constant: Arc<[(String, String)]>,
    pub(super) shards: usize,
    /// Each metric that is shown, with its whole name.
    pub(super) shown: Vec<(&'static Definition, String)>,
}

impl Default for HttpMetricsBuilder {
    fn default() -> Self {
        Self {
            namespace: None,
            constant: Vec::new(),
            own: Vec::new(),
            duration_buckets: None,
            size_buckets: None,
            response_sizes: false,
            response_start: false,
            left_out: Vec::new(),
            shards: DEFAULT_SHARDS,
        }
    }
}

impl HttpMetricsBuilder {
    /// Puts this and an underscore before each name: `shop_http_requests_total`.
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = Some(namespace.into());
        self
    }

    /// Adds a label of one value to every series.
    pub fn constant_label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.constant.push((name.into(), value.into()));
        self
    }

    /// Adds a label to `http_request_duration_seconds` and `http_requests_total`, read from each request. Up to two
    /// labels of one's own may be added; `None` leaves the label empty.
    ///
    /// ```
    /// use monitor_layer::{HttpMetrics, LabelValues};
    ///
    /// let registry = prometheus::Registry::new();
    /// HttpMetrics::builder()
    ///     .request_label("plan", LabelValues::Closed(&["free", "pro"]), |request| {
    ///         Some(request.headers.get("x-plan")?.to_str().ok()?.into())
    ///     })
    ///     .register(&registry)?;
    /// # Ok::<_, monitor_layer::RegisterError>(())
    /// ```
    pub fn request_label(
        mut self,
        name: impl Into<String>,
        values: LabelValues,
        read: impl for<'a> Fn(&RequestHead<'a>) -> Option<Cow<'a, str>> + Send + Sync + 'static,
    ) -> Self {
        let read = Read::Request(Arc::new(read));
        self.own.push((name.into(), values, read));
        self
    }

    /// As [`request_label`](Self::request_label), read from each response; empty where there is no head.
    pub fn response_label(
        mut self,
        name: impl Into<String>,
        values: LabelValues,
        read: impl for<'a> Fn(&ResponseHead<'a>) -> Option<Cow<'a, str>> + Send + Sync + 'static,
    ) -> Self {
        let read = Read::Response(Arc::new(read));
        self.own.push((name.into(), values, read));
        self
    }

    /// Upper bounds in seconds for `http_request_duration_seconds` and `http_response_start_seconds`: up to 64 that
    /// ascend.
    pub fn duration_buckets(mut self, bounds: impl Into<Vec<f64>>) -> Self {
        self.duration_buckets = Some(bounds.into());
        self
    }

    /// Upper bounds in bytes for `http_request_size_bytes` and `http_response_size_bytes`: up to 64 that ascend.
    pub fn size_buckets(mut self, bounds: impl Into<Vec<f64>>) -> Self {
        self.size_buckets = Some(bounds.into());
        self
    }

    /// Measures `http_response_size_bytes` too.
    pub fn response_sizes(mut self) -> Self {
        self.response_sizes = true;
        self
    }

    /// Measures `http_response_start_seconds` too.
    pub fn response_start(mut self) -> Self {
        self.response_start = true;
        self
    }

    /// Leaves a metric out, by its name without a namespace.
    pub fn without(mut self, metric: impl Into<String>) -> Self {
        self.left_out.push(metric.into());
        self
    }

    /// How many parts an instrument has at most, 8 by default. Half of them belong to one thread each, the others are
    /// shared by all further threads: more cost memory, fewer let threads wait for each other. From 1 to 256.
    pub fn shards(mut self, shards: usize) -> Self {
        self.shards = shards.clamp(1, MOST_SHARDS);
        self
    }

    /// Makes the metrics, to be gathered by this registry.
    ///
    /// # Errors
    ///
    /// [`RegisterError`] where the registry has a metric of one of these names, or a name or a bound cannot be used.
    pub fn register(self, registry: &prometheus::Registry) -> Result<HttpMetrics, RegisterError> {
        let metrics = self.build()?;
        let instruments = Arc::clone(metrics.instruments());
        let descriptions = instruments.descriptions();
        register(registry, descriptions, instruments as Arc<dyn Expose>)?;
        Ok(metrics)
    }

    pub(in crate::metrics) fn build(self) -> Result<HttpMetrics, RegisterError> {
        clock::calibrate();
        let layout = |definition: &Definition, own: &Option<Vec<f64>>| {
            let bounds = match own {
                Some(own) => checked_bounds(definition, own)?,
                None => definition.bounds(),
            };
            Ok(Arc::new(Layout::new(definition.kind, bounds, self.shards)))
        };
        let (durations, sizes) = (&self.duration_buckets, &self.size_buckets);
        let layouts = Layouts {
            duration: layout(&catalog::HTTP_REQUEST_DURATION, durations)?,
            request_size: layout(&catalog::HTTP_REQUEST_SIZE, sizes)?,
            response_size: match self.response_sizes {
                true => Some(layout(&catalog::HTTP_RESPONSE_SIZE, sizes)?),
                false => None,
            },
            response_start: match self.response_start {
                true => Some(layout(&catalog::HTTP_RESPONSE_START, durations)?),
                false => None,
            },
        };
        let stream_layout = layout(&catalog::HTTP_STREAM_DURATION, &None)?;
        let options = self.options()?;
        Ok(HttpMetrics {
            instruments: Arc::new(Instruments {
                counts: Counters::new(options.shards),
                routes: Routes::new(&options, layouts),
                // Templates and kinds are bounded by code: none of these has a budget.
                streams: Family::new(
                    &catalog::HTTP_STREAM_DURATION,
                    [ROUTE, STREAM_KIND],
                    usize::MAX,
                ),
                stream_layout,
                grpc: Family::new(&catalog::GRPC_REQUESTS, [ROUTE], usize::MAX),
                options,
            }),
        })
    }

    fn options(self) -> Result<Options, RegisterError> {
        if let Some(namespace) = self.namespace.as_ref()
            && !is_metric_name(namespace)
        {
            return Err(RegisterError::invalid_name("namespace", namespace));
        }
        let names = self.constant.iter().map(|(name, _)| name);
        let names: Vec<_> = names
            .chain(self.own.iter().map(|(name, ..)| name))
            .collect();
        for (place, name) in names.iter().enumerate() {
            if !is_label_name(name) {
                return Err(RegisterError::invalid_name("label", name));
            }
            let ours = catalog::HTTP.iter().flat_map(|metric| metric.labels);
            let taken = ours.map(|label| label.name).chain(["le"]);
            if names[..place].contains(name) || taken.into_iter().any(|taken| taken == *name) {
                return Err(RegisterError::LabelTaken {
                    label: (*name).clone(),
                });
            }
        }
        if self.own.len() > MOST {
            return Err(RegisterError::TooManyLabels {
                label: self.own[MOST].0.clone(),
            });
        }
        let known = |name: &String| catalog::HTTP.iter().any(|metric| metric.name == *name);
        if let Some(unknown) = self.left_out.iter().find(|name| !known(name)) {
            return Err(RegisterError::UnknownMetric {
                metric: unknown.clone(),
            });
        }
        let prefix = self
            .namespace
            .map(|namespace| namespace + "_")
            .unwrap_or_default();
        let shown = catalog::HTTP
            .into_iter()
            .filter(|metric| !self.left_out.iter().any(|left_out| left_out == metric.name))
            .map(|metric| (metric, format!("{prefix}{}", metric.name)));
        let own = self.own.into_iter();
        Ok(Options {
            own: Arc::new(OwnLabels::new(
                own.map(|(name, values, read)| OwnLabel::new(&name, values, read))
                    .collect(),
            )),
            constant: self.constant.into(),
            shards: self.shards,
            shown: shown.collect(),
        })
    }
}

impl Options {
    /// The whole name of a metric that is shown.
    pub(super) fn name(&self, definition: &Definition) -> Option<&str> {
        let mut shown = self.shown.iter();
        let (_, name) = shown.find(|(shown, _)| shown.name == definition.name)?;
        Some(name)
    }
}

fn checked_bounds<'a>(
    definition: &Definition,
    bounds: &'a [f64],
) -> Result<&'a [f64], RegisterError> {
    let ascends = bounds.windows(2).all(|pair| pair[0] < pair[1]);
    let largest = match definition.kind {
        // 31 years.
        Kind::Seconds(_) => 1e9,
        Kind::Bytes(_) | Kind::Counter | Kind::Gauge => 1e15,
    };
    let can_be_counted = |bound: &f64| (1e-9..=largest).contains(bound);
    if ascends && bounds.len() <= MOST_BUCKETS && bounds.iter().all(can_be_counted) {
        return Ok(bounds);
    }
    Err(RegisterError::InvalidBuckets {
        metric: definition.name,
        bounds: bounds.to_vec(),
    })
}

impl fmt::Debug for HttpMetricsBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let own: Vec<_> = self.own.iter().map(|(name, ..)| name).collect();
        formatter
            .debug_struct("HttpMetricsBuilder")
            .field("namespace", &self.namespace)
            .field("constant_labels", &self.constant)
            .field("own_labels", &own)
            .field("without", &self.left_out)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.shown.iter().map(|(_, name)| name).collect();
        formatter
            .debug_struct("Options")
            .field("metrics", &names)
            .field("own_labels", &self.own)
            .finish_non_exhaustive()
    }
}
