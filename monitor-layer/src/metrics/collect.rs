//! Every instrument read, at a scrape.

use prometheus::proto::MetricFamily;

use super::{
    Category, JobEnd, JobStatus, Metrics, Revenue, Signal, StepStatus, catalog,
    counter::Amounts,
    gathered::{Samples, closed, single},
};

impl Metrics {
    pub(super) fn collect(&self) -> Vec<MetricFamily> {
        let mut families = Vec::with_capacity(catalog::BESIDE_HTTP.len());
        self.collect_steps(&mut families);
        self.collect_jobs(&mut families);
        self.collect_business(&mut families);
        self.collect_health(&mut families);
        self.collect_telemetry(&mut families);
        families
    }

    fn collect_steps(&self, families: &mut Vec<MetricFamily>) {
        let mut durations = Samples::of(&catalog::STEP_DURATION);
        let mut active = Samples::of(&catalog::STEPS_ACTIVE);
        self.steps.each(|[step], measured| {
            // The ends first: nothing has ended then that has not started.
            let mut ended = 0;
            for (status, duration) in StepStatus::ALL.iter().zip(&measured.durations) {
                let snapshot = duration.snapshot();
                ended += snapshot.count();
                durations.add_histogram(&[step, status.as_str()], &snapshot);
            }
            active.add(&[step], measured.active(ended) as f64);
        });
        families.extend([durations.family(), active.family()]);
    }

    fn collect_jobs(&self, families: &mut Vec<MetricFamily>) {
        let mut durations = Samples::of(&catalog::JOB_DURATION);
        self.jobs.each(|[niche], measured| {
            for (status, duration) in JobEnd::ALL.iter().zip(&measured.0) {
                durations.add_histogram(&[status.as_str(), niche], &duration.snapshot());
            }
        });
        let mut waits = Samples::of(&catalog::JOB_QUEUE_WAIT);
        self.job_waits.each(|[niche], waited| {
            waits.add_histogram(&[niche], &waited.snapshot());
        });
        families.extend([durations.family(), waits.family()]);
        if let Some(depth) = self.queue.depth.value() {
            families.push(single(&catalog::JOB_QUEUE_DEPTH, depth));
        }
        let jobs = JobStatus::ALL.iter().zip(&self.queue.jobs);
        families.push(closed(
            &catalog::JOBS_BY_STATUS,
            jobs.filter_map(|(status, count)| Some((status.as_str(), count.value()?))),
        ));
    }

    fn collect_business(&self, families: &mut Vec<MetricFamily>) {
        let business = &self.business;
        let mut costs = Samples::of(&catalog::JOB_COST);
        business
            .job_costs
            .each(|labels, cost| costs.add(&labels, cost.value()));
        let mut signups = Samples::of(&catalog::SIGNUPS);
        business
            .signups
            .each(|labels, count| signups.add(&labels, count.value() as f64));
        let mut conversions = Samples::of(&catalog::CONVERSIONS);
        business
            .conversions
            .each(|labels, count| conversions.add(&labels, count.value() as f64));
        let by_type = |amounts: &[Amounts; Revenue::ALL.len()]| {
            [0, 1].map(|at| (Revenue::ALL[at].as_str(), amounts[at].value()))
        };
        families.extend([
            costs.family(),
            single(&catalog::CREDITS_USED, business.credits_used.value()),
            closed(&catalog::REVENUE, by_type(&business.revenue)),
            closed(&catalog::REFUNDS, by_type(&business.refunds)),
            signups.family(),
            conversions.family(),
        ]);
    }

    fn collect_health(&self, families: &mut Vec<MetricFamily>) {
        let mut status = Samples::of(&catalog::HEALTH_STATUS);
        let mut durations = Samples::of(&catalog::HEALTH_DURATION);
        self.health.each(|labels, measured| {
            if let Some(healthy) = measured.status.value() {
                status.add(&labels, healthy);
                durations.add_histogram(&labels, &measured.duration.snapshot());
            }
        });
        families.extend([status.family(), durations.family()]);
    }

    fn collect_telemetry(&self, families: &mut Vec<MetricFamily>) {
        let errors = Category::ALL.iter().zip(&self.errors);
        let dropped = Signal::ALL.iter().zip(&self.dropped);
        let mut overflows = Samples::of(&catalog::LABEL_OVERFLOW);
        let business = &self.business;
        self.jobs
            .overflows()
            .chain(self.job_waits.overflows())
            .chain(business.job_costs.overflows())
            .chain(business.signups.overflows())
            .chain(business.conversions.overflows())
            .for_each(|(metric, label, count)| overflows.add(&[metric, label], count as f64));
        let mut build = Samples::of(&catalog::BUILD_INFO);
        build.add(&self.build.each_ref().map(String::as_str), 1.0);
        families.extend([
            closed(
                &catalog::ERRORS,
                errors.map(|(category, count)| (category.as_str(), count.value() as f64)),
            ),
            closed(
                &catalog::TELEMETRY_DROPPED,
                dropped.map(|(signal, count)| (signal.as_str(), count.value() as f64)),
            ),
            overflows.family(),
            build.family(),
        ]);
        for (definition, gauge) in [
            (&catalog::SCRAPE_DURATION, &self.scrape_seconds),
            (&catalog::SCRAPE_SIZE, &self.scrape_bytes),
        ] {
            families.extend(gauge.value().map(|value| single(definition, value)));
        }
    }
}
