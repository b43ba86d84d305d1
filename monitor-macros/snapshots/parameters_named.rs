fn store(self, video: Video, receipt: Receipt) {
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
            if false {
                let _ = &receipt;
                let _ = &video;
                let _ = &self;
            }
            {
                self.put(receipt, video);
            }
        },
        ::monitor_layer::__private::no_error,
    )
}
