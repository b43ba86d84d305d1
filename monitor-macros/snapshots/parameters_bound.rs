fn store(
    video: Video,
    __monitor_layer_argument_1: (String, Owner),
    tries: u8,
    __monitor_layer_argument_3: Permit,
) {
    ::monitor_layer::__private::run_sync(
        {
            static SITE: ::monitor_layer::__private::StepSite = ::monitor_layer::__private::StepSite::new(
                "store",
                ::monitor_layer::__private::module_path!(),
                ::monitor_layer::__private::Level::INFO,
                &["step"],
                &SITE,
            );
            SITE.step()
        },
        move || -> () {
            let video = video;
            let __monitor_layer_argument_1 = __monitor_layer_argument_1;
            let (name, _) = __monitor_layer_argument_1;
            let mut tries = tries;
            let __monitor_layer_argument_3 = __monitor_layer_argument_3;
            let __monitor_layer_returned: () = {
                tries += 1;
                put(video, name, tries);
            };
            __monitor_layer_returned
        },
        ::monitor_layer::__private::no_error,
    )
}
