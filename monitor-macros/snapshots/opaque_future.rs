fn later() -> impl Future<Output = Result<u8, Refused>> + Send {
    ::monitor_layer::__private::run(
        {
            static SITE: ::monitor_layer::__private::StepSite = ::monitor_layer::__private::StepSite::new(
                "later",
                ::monitor_layer::__private::module_path!(),
                ::monitor_layer::__private::Level::INFO,
                &["step"],
                &SITE,
            );
            SITE.step()
        },
        ::monitor_layer::__private::make(move || { async { Ok(1) } }),
        |__monitor_layer_returned: &Result<u8, Refused>| {
            use ::monitor_layer::__private::via::*;
            (&&&&&&&::monitor_layer::__private::Look(__monitor_layer_returned))
                .reported()
        },
    )
}
