pub async fn render(scene: &Scene) -> Result<Frame, RenderError> {
    ::monitor_layer::__private::run(
            {
                static SITE: ::monitor_layer::__private::StepSite = ::monitor_layer::__private::StepSite::new(
                    "render",
                    ::monitor_layer::__private::module_path!(),
                    ::monitor_layer::__private::Level::INFO,
                    &["step"],
                    &SITE,
                );
                SITE.step()
            },
            async move {
                if false {
                    return ::monitor_layer::__private::value_of_type::<
                        Result<Frame, RenderError>,
                    >();
                }
                { scene.frame().await }
            },
            |__monitor_layer_returned| {
                use ::monitor_layer::__private::via::*;
                (&&&&&&&::monitor_layer::__private::Look(__monitor_layer_returned))
                    .reported()
            },
        )
        .await
}
