fn count(script: &str) -> usize {
    ::monitor_layer::__private::run_sync(
        {
            static SITE: ::monitor_layer::__private::StepSite = ::monitor_layer::__private::StepSite::new(
                "count",
                ::monitor_layer::__private::module_path!(),
                ::monitor_layer::__private::Level::INFO,
                &["step"],
                &SITE,
            );
            SITE.step()
        },
        move || -> usize { script.len() },
        ::monitor_layer::__private::no_error,
    )
}
