fn find(id: u8) -> Option<Frame> {
    ::monitor_layer::__private::run_sync(
        {
            static SITE: ::monitor_layer::__private::StepSite = ::monitor_layer::__private::StepSite::new(
                "find",
                ::monitor_layer::__private::module_path!(),
                ::monitor_layer::__private::Level::INFO,
                &["step"],
                &SITE,
            );
            SITE.step()
        },
        move || -> Option<Frame> { frames().get(id) },
        |__monitor_layer_returned| ::monitor_layer::__private::none_is_error(
            __monitor_layer_returned,
        ),
    )
}
