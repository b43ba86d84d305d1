use std::{
    fmt,
    sync::{
        OnceLock,
        atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tracing::{
    Level, Metadata,
    callsite::{self, Callsite, Identifier},
    field::FieldSet,
    metadata::{Kind, LevelFilter},
    subscriber::Interest,
};

use super::Step;
use crate::error::Category;

/// The field of a step's span that has the step's name.
pub(super) const STEP_FIELD: &str = "step";

/// A function that is a step: the call site of its span, what the attribute says of it, and the number under which
/// each monitor keeps its instruments.
pub struct StepSite {
    metadata: Metadata<'static>,
    slow: Option<Duration>,
    category: Option<Category>,
    number: OnceLock<usize>,
    is_registered: AtomicBool,
    /// What the subscribers said of it when they were asked last.
    interest: AtomicU8,
}

const NEVER: u8 = 0;
const SOMETIMES: u8 = 1;
const ALWAYS: u8 = 2;

impl StepSite {
    /// The site of a step of this name: `this` is the static that it is put into. The step's own field is the first of
    /// the fields.
    #[must_use]
    #[track_caller]
    pub const fn new(
        name: &'static str,
        module_path: &'static str,
        level: Level,
        fields: &'static [&'static str],
        this: &'static dyn Callsite,
    ) -> Self {
        let location = std::panic::Location::caller();
        Self {
            metadata: Metadata::new(
                name,
                module_path,
                level,
                Some(location.file()),
                Some(location.line()),
                Some(module_path),
                FieldSet::new(fields, Identifier(this)),
                Kind::SPAN,
            ),
            slow: None,
            category: None,
            number: OnceLock::new(),
            is_registered: AtomicBool::new(false),
            interest: AtomicU8::new(SOMETIMES),
        }
    }

    /// A site of a name that no function has. It stays for good.
    #[track_caller]
    pub(crate) fn named(name: &'static str) -> &'static Self {
        let site: &'static Named = Box::leak(Box::default());
        site.0.get_or_init(|| {
            let fields = &[STEP_FIELD];
            Self::new(name, module_path!(), Level::INFO, fields, site)
        })
    }

    /// A step that takes longer than this is slow.
    #[must_use]
    pub const fn slow(mut self, milliseconds: u64) -> Self {
        self.slow = Some(Duration::from_millis(milliseconds));
        self
    }

    /// What its errors are where they say nothing of themselves.
    #[must_use]
    pub const fn category(mut self, category: Category) -> Self {
        self.category = Some(category);
        self
    }

    /// A call of its function.
    #[must_use]
    pub const fn step(&'static self) -> Step {
        Step::of(self)
    }

    pub(crate) fn name(&self) -> &'static str {
        self.metadata.name()
    }

    pub(crate) const fn metadata(&'static self) -> &'static Metadata<'static> {
        &self.metadata
    }

    pub(super) const fn slow_after(&self) -> Option<Duration> {
        self.slow
    }

    pub(super) const fn error_category(&self) -> Option<Category> {
        self.category
    }

    pub(super) fn number(&self) -> usize {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        *self
            .number
            .get_or_init(|| NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// Whether a subscriber wants its span.
    #[inline]
    pub(super) fn wants_span(&'static self) -> bool {
        let level = *self.metadata.level();
        if level > tracing::level_filters::STATIC_MAX_LEVEL || level > LevelFilter::current() {
            return false;
        }
        if !self.is_registered.load(Ordering::Relaxed) {
            self.register();
        }
        match self.interest.load(Ordering::Relaxed) {
            NEVER => false,
            ALWAYS => true,
            _ => tracing::dispatcher::get_default(|subscriber| subscriber.enabled(&self.metadata)),
        }
    }

    #[cold]
    fn register(&'static self) {
        if !self.is_registered.swap(true, Ordering::AcqRel) {
            callsite::register(self);
        }
    }
}

impl Callsite for StepSite {
    fn set_interest(&self, interest: Interest) {
        let interest = if interest.is_never() {
            NEVER
        } else if interest.is_always() {
            ALWAYS
        } else {
            SOMETIMES
        };
        self.interest.store(interest, Ordering::Relaxed);
    }

    fn metadata(&self) -> &Metadata<'_> {
        &self.metadata
    }
}

/// What a site that is made while the program runs is known by: a static refers to itself, which nothing else can.
#[derive(Default)]
struct Named(OnceLock<StepSite>);

impl Callsite for Named {
    fn set_interest(&self, interest: Interest) {
        if let Some(site) = self.0.get() {
            site.set_interest(interest);
        }
    }

    fn metadata(&self) -> &Metadata<'_> {
        // Nobody has it before it holds its site.
        static NONE: StepSite = StepSite::new("", "", Level::TRACE, &[], &NONE);
        match self.0.get() {
            Some(site) => &site.metadata,
            None => &NONE.metadata,
        }
    }
}

impl fmt::Debug for StepSite {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("StepSite")
            .field(&self.name())
            .finish()
    }
}
