async fn charge(&self, cart: &Cart, card: &Card, tries: u8) -> Result<(), Declined> {
    crate::telemetry::__private::run(
            {
                static SITE: crate::telemetry::__private::StepSite = crate::telemetry::__private::StepSite::new(
                        "pay",
                        crate::telemetry::__private::module_path!(),
                        crate::telemetry::__private::Level::DEBUG,
                        &["step", "cents", "card", "shown", "tries"],
                        &SITE,
                    )
                    .slow(2000u64)
                    .category(crate::telemetry::__private::Category::Payment);
                SITE.step()
            }
                .monitor(&(self.monitor))
                .fields(|__monitor_layer_fields| {
                    use crate::telemetry::__private::via::*;
                    (&&crate::telemetry::__private::Recorded(&(cart.cents())))
                        .record_to(__monitor_layer_fields);
                    __monitor_layer_fields.display(&(card));
                    __monitor_layer_fields.debug(&(cart));
                    (&&crate::telemetry::__private::Recorded(&(tries)))
                        .record_to(__monitor_layer_fields);
                }),
            async move {
                if false {
                    return crate::telemetry::__private::value_of_type::<
                        Result<(), Declined>,
                    >();
                }
                { Ok(()) }
            },
            |__monitor_layer_returned| {
                use crate::telemetry::__private::via::*;
                (&&&&&&&crate::telemetry::__private::Look(__monitor_layer_returned))
                    .reported()
            },
        )
        .await
}
