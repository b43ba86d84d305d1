use super::labels::Labels;

/// An instrument and the labels that it is shown with.
pub(crate) struct Series<I> {
    pub(crate) labels: Labels,
    pub(crate) instrument: I,
}

impl<I> Series<I> {
    /// A series of these labels alone.
    pub(crate) fn new<'a>(
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
        instrument: I,
    ) -> Self {
        Self {
            labels: Labels::new(&[], pairs),
            instrument,
        }
    }
}
