fn later<'a>(text: &'a str) -> BoxFuture<'a, Result<u8, Refused>> {
    {
        use ::monitor_layer::__private::via::*;
        (&&&&::monitor_layer::__private::Kind::<BoxFuture<'a, Result<u8, Refused>>>::NEW)
            .run(
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
                move || -> BoxFuture<'a, Result<u8, Refused>> { Box::pin(read(text)) },
                |__monitor_layer_returned| {
                    use ::monitor_layer::__private::via::*;
                    (&&&&&&&::monitor_layer::__private::Look(__monitor_layer_returned))
                        .reported()
                },
            )
    }
}
