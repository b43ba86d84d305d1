//! Every instrument of a monitor, read at a scrape.

use super::{
    ActiveWindow, Category, Metrics, Signal,
    catalog::{self, Definition},
    exposition::{Expose, Exposition, Metric, MetricList, Number},
    family::Family,
    instrument::{Amounts, Counter, Gauge},
    labels::Labels,
    series::Series,
};

impl Expose for Metrics {
    fn metrics(&self) -> Vec<Metric<'_>> {
        let mut metrics = MetricList::default();
        self.http.instruments().add(&mut metrics);
        self.add_client(&mut metrics);
        self.add_steps(&mut metrics);
        self.add_jobs(&mut metrics);
        self.add_business(&mut metrics);
        self.add_operations(&mut metrics);
        self.add_telemetry(&mut metrics);
        metrics.all()
    }
}

impl Metrics {
    fn add_client<'a>(&'a self, metrics: &mut MetricList<'a>) {
        metrics.add(&catalog::HTTP_CLIENT_DURATION, |to| {
            to.start_reading(&self.layouts.client);
            for (_, Series { labels, instrument }) in self.client_calls.iter() {
                to.histogram(labels, instrument);
            }
        });
    }

    fn add_steps<'a>(&'a self, metrics: &mut MetricList<'a>) {
        metrics.add(&catalog::STEP_DURATION, |to| {
            to.start_reading(&self.layouts.step);
            for (_, step) in self.steps.iter() {
                for Series { labels, instrument } in &step.durations {
                    to.histogram(labels, instrument);
                }
            }
        });
        metrics.add(&catalog::STEPS_ACTIVE, |to| {
            for (_, step) in self.steps.iter() {
                to.number(&step.labels, Number::Count(step.active()));
            }
        });
    }

    fn add_jobs<'a>(&'a self, metrics: &mut MetricList<'a>) {
        metrics.add(&catalog::JOB_DURATION, |to| {
            to.start_reading(&self.layouts.job);
            for (_, jobs) in self.jobs.iter() {
                for Series { labels, instrument } in &jobs.0 {
                    to.histogram(labels, instrument);
                }
            }
        });
        metrics.add(&catalog::JOB_QUEUE_WAIT, |to| {
            to.start_reading(&self.layouts.job_wait);
            for (_, Series { labels, instrument }) in self.job_waits.iter() {
                to.histogram(labels, instrument);
            }
        });
        add_gauge(metrics, &catalog::JOB_QUEUE_DEPTH, &self.queue.depth);
        metrics.add(&catalog::JOBS_BY_STATUS, |to| {
            for jobs in &self.queue.jobs {
                write_gauge(to, jobs);
            }
        });
    }

    fn add_business<'a>(&'a self, metrics: &mut MetricList<'a>) {
        let business = &self.business;
        metrics.add(&catalog::JOB_COST, |to| {
            for (_, costs) in business.job_costs.iter() {
                for cost in costs {
                    write_amounts(to, cost);
                }
            }
        });
        metrics.add(&catalog::CREDITS_USED, |to| {
            let credits = business.credits_used.value();
            to.number(&Labels::default(), Number::Value(credits));
        });
        for (definition, by_type) in [
            (&catalog::REVENUE, &business.revenue),
            (&catalog::REFUNDS, &business.refunds),
        ] {
            metrics.add(definition, move |to| {
                for amounts in by_type {
                    write_amounts(to, amounts);
                }
            });
        }
        add_counters(metrics, &catalog::SIGNUPS, &business.signups);
        add_counters(metrics, &catalog::CONVERSIONS, &business.conversions);
        metrics.add(&catalog::ACTIVE_USERS, |to| {
            for window in ActiveWindow::ALL {
                if let Some(users) = self.active_users.count(window) {
                    let labels = Labels::new(&[], [("window", window.as_str())]);
                    to.number(&labels, Number::Count(users));
                }
            }
        });
        metrics.add(&catalog::ACTIVE_SUBSCRIPTIONS, |to| {
            for (_, plan) in business.subscriptions.iter() {
                write_gauge(to, plan);
            }
        });
    }

    fn add_operations<'a>(&'a self, metrics: &mut MetricList<'a>) {
        #[cfg(feature = "alerts")]
        self.add_alerts(metrics);
        add_gauge(
            metrics,
            &catalog::HTTP_OPEN_CONNECTIONS,
            &self.open_connections,
        );
        metrics.add(&catalog::ERRORS, |to| {
            for (category, count) in Category::ALL.iter().zip(&self.errors) {
                let labels = Labels::new(&[], [("category", category.as_str())]);
                to.number(&labels, Number::Count(count.value()));
            }
        });
        metrics.add(&catalog::HEALTH_STATUS, |to| {
            for (_, check) in self.health.iter() {
                write_gauge(to, &check.status);
            }
        });
        metrics.add(&catalog::HEALTH_DURATION, |to| {
            to.start_reading(&self.layouts.health);
            for (_, check) in self.health.iter() {
                to.histogram(&check.status.labels, &check.duration);
            }
        });
    }

    fn add_telemetry<'a>(&'a self, metrics: &mut MetricList<'a>) {
        metrics.add(&catalog::TELEMETRY_DROPPED, |to| {
            for (signal, count) in Signal::ALL.iter().zip(&self.dropped) {
                let labels = Labels::new(&[], [("signal", signal.as_str())]);
                to.number(&labels, Number::Count(count.value()));
            }
        });
        metrics.add(&catalog::LINES_SUPPRESSED, |to| {
            for (level, count) in [
                ("warn", &self.suppressed_warnings),
                ("error", &self.suppressed_errors),
            ] {
                let labels = Labels::new(&[], [("level", level)]);
                to.number(&labels, Number::Count(count.value()));
            }
        });
        metrics.add(&catalog::LABEL_OVERFLOW, |to| {
            for (metric, label, count) in self.overflows() {
                let labels = Labels::new(&[], [("metric", metric), ("label", label)]);
                to.number(&labels, Number::Count(count));
            }
        });
        add_gauge(metrics, &catalog::SCRAPE_DURATION, &self.scrape_seconds);
        add_gauge(metrics, &catalog::SCRAPE_SIZE, &self.scrape_bytes);
        metrics.add(&catalog::BUILD_INFO, |to| {
            to.number(&self.build, Number::Count(1));
        });
    }

    fn overflows(&self) -> impl Iterator<Item = (&str, &str, u64)> {
        let business = &self.business;
        self.http
            .instruments()
            .overflows()
            .chain(self.jobs.overflows())
            .chain(self.job_waits.overflows())
            .chain(business.job_costs.overflows())
            .chain(business.signups.overflows())
            .chain(business.conversions.overflows())
            .chain(business.subscriptions.overflows())
    }
}

fn add_counters<'a>(
    metrics: &mut MetricList<'a>,
    definition: &'static Definition,
    counters: &'a Family<Series<Counter>, 1>,
) {
    metrics.add(definition, |to| {
        for (_, Series { labels, instrument }) in counters.iter() {
            to.number(labels, Number::Count(instrument.value()));
        }
    });
}

fn add_gauge<'a>(metrics: &mut MetricList<'a>, definition: &'static Definition, gauge: &'a Gauge) {
    metrics.add(definition, |to| {
        if let Some(value) = gauge.value() {
            to.number(&Labels::default(), Number::Value(value));
        }
    });
}

fn write_amounts(to: &mut dyn Exposition, Series { labels, instrument }: &Series<Amounts>) {
    to.number(labels, Number::Value(instrument.value()));
}

/// Nothing where nobody has set it.
fn write_gauge(to: &mut dyn Exposition, Series { labels, instrument }: &Series<Gauge>) {
    if let Some(value) = instrument.value() {
        to.number(labels, Number::Value(value));
    }
}
