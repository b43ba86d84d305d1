async fn serve() -> ! {
    ::monitor_layer::__private::run(
            {
                static SITE: ::monitor_layer::__private::StepSite = ::monitor_layer::__private::StepSite::new(
                    "serve",
                    ::monitor_layer::__private::module_path!(),
                    ::monitor_layer::__private::Level::INFO,
                    &["step"],
                    &SITE,
                );
                SITE.step()
            },
            async move {
                if false {
                    return ::monitor_layer::__private::never::<fn() -> !>();
                }
                {
                    loop {
                        accept().await
                    }
                }
            },
            ::monitor_layer::__private::no_error,
        )
        .await
        .0
}
