use monitor_layer::Monitor;

/// How many log lines were lost, as `telemetry_dropped_total` has it.
pub(crate) fn dropped_lines(monitor: &Monitor) -> usize {
    let families = monitor.registry().gather();
    let metrics = families
        .iter()
        .filter(|family| family.name() == "telemetry_dropped_total")
        .flat_map(prometheus::proto::MetricFamily::get_metric);
    let of_logs = metrics.filter(|metric| metric.get_label()[0].value() == "logs");
    of_logs
        .map(|metric| metric.get_counter().value() as usize)
        .sum()
}
