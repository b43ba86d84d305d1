use std::{error::Error, fmt, io, sync::Arc};

use super::{
    Categorize, Category,
    chain::{downcast, guarded, links, text_within},
};

/// The prefixes of codes that tell a category.
const CODE_PREFIXES: [(&str, Category); 3] = [
    ("AUTH_", Category::Auth),
    ("PIPELINE_", Category::Pipeline),
    ("PAYMENT_", Category::Payment),
];

/// What in a text, in any case, tells a category.
const PHRASES: [(&str, Category); 5] = [
    ("timed out", Category::Timeout),
    ("timeout", Category::Timeout),
    ("deadline has elapsed", Category::Timeout),
    ("rate limit", Category::RateLimit),
    ("too many requests", Category::RateLimit),
];

/// How much of an error's text is read for codes and phrases, in bytes.
const LONGEST_TEXT: usize = 4096;

/// What kind of failure an error was found to be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Classification {
    /// The category.
    pub category: Category,
    /// The code that it was told by, or that the error has beside.
    pub code: Option<Box<str>>,
    /// Whether the error, or one behind it, says that another try may succeed.
    pub is_transient: bool,
}

impl Classification {
    pub(super) fn new(category: Category, code: Option<&str>) -> Self {
        Self {
            category,
            code: code.map(Box::from),
            is_transient: false,
        }
    }
}

/// Finds the category of errors.
#[derive(Clone, Default)]
pub(crate) struct Classifier {
    registered: Vec<for<'a> fn(&'a (dyn Error + 'static)) -> Option<Own<'a>>>,
    asked: Vec<Arc<Ask>>,
}

/// What the user knows of errors that are others'.
type Ask = dyn Fn(&(dyn Error + 'static)) -> Option<Category> + Send + Sync;

/// What an error says of itself.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Own<'a> {
    pub(super) category: Option<Category>,
    pub(super) code: Option<&'a str>,
    pub(super) is_transient: bool,
    /// What whoever returned it says of it, where it says nothing.
    pub(super) or_category: Option<Category>,
}

impl<'a> Own<'a> {
    pub(crate) fn of(error: &'a impl Categorize) -> Self {
        Self {
            category: guarded(|| error.category()).flatten(),
            code: guarded(|| error.code()).flatten(),
            is_transient: guarded(|| error.is_transient()).unwrap_or(false),
            or_category: None,
        }
    }

    /// With what somebody else says of it, in place of what it says itself.
    pub(super) fn or(self, category: Option<Category>, code: Option<&'a str>) -> Self {
        Self {
            // A code that is said tells the category, unless that is said, too.
            category: category.or(self.category.filter(|_| code.is_none())),
            code: code.or(self.code),
            ..self
        }
    }
}

impl Classifier {
    /// Errors of this type are asked, wherever in a chain of sources they stand.
    pub(crate) fn register<E: Error + Categorize + 'static>(&mut self) {
        self.registered
            .push(|error| downcast::<E>(error).map(Own::of));
    }

    /// The user is asked for errors that no code tells of.
    pub(crate) fn ask(
        &mut self,
        ask: impl Fn(&(dyn Error + 'static)) -> Option<Category> + Send + Sync + 'static,
    ) {
        self.asked.push(Arc::new(ask));
    }

    /// Decides by, in this order: the error's own category; a code of its own, of a registered type or at the start
    /// of a text; what the user says of it; a known type; a phrase. Each is looked for from the error inwards before the next is.
    ///
    /// `own` is what the error's type, where it was seen, says by [`Categorize`].
    pub(crate) fn classify(
        &self,
        error: &(dyn Error + 'static),
        own: Option<Own<'_>>,
    ) -> Classification {
        let told: Vec<_> = own.into_iter().chain(self.asked(error)).collect();
        Classification {
            is_transient: told.iter().any(|own| own.is_transient),
            ..self.decide(error, &told)
        }
    }

    fn decide(&self, error: &(dyn Error + 'static), told: &[Own<'_>]) -> Classification {
        let mut code = None;
        for own in told {
            if let Some(category) = own.category.or_else(|| by_prefix(own.code?)) {
                return Classification::new(category, own.code);
            }
            code = code.or(own.code);
        }
        let (mut by_user, mut by_type, mut by_phrase) = (None, None, None);
        for link in links(error) {
            let text = text_within(link, LONGEST_TEXT);
            if let Some((category, code)) = leading_code(&text) {
                return Classification::new(category, Some(code));
            }
            by_user = by_user.or_else(|| self.user_s(link));
            by_type = by_type.or_else(|| known_type(link));
            by_phrase = by_phrase.or_else(|| phrase(&text));
        }
        let said = told.iter().find_map(|own| own.or_category);
        let category = said.or(by_user).or(by_type).or(by_phrase);
        Classification::new(category.unwrap_or(Category::Unknown), code)
    }

    /// What the user's classifiers say, the first of them that knows; one that panics knows nothing.
    fn user_s(&self, link: &(dyn Error + 'static)) -> Option<Category> {
        let mut said = self.asked.iter().map(|ask| guarded(|| ask(link)).flatten());
        said.find_map(|category| category)
    }

    /// Decides for an error of which nothing but its text, its source and what it says of itself is known.
    pub(crate) fn classify_told(
        &self,
        own: Own<'_>,
        message: &str,
        source: Option<&(dyn Error + 'static)>,
    ) -> Classification {
        let or_category = own.or_category;
        let behind = source.map(|source| {
            let own = Own {
                or_category,
                ..Own::default()
            };
            self.classify(source, Some(own))
        });
        let is_transient =
            own.is_transient || behind.as_ref().is_some_and(|behind| behind.is_transient);
        let mut found = match own.category.or_else(|| by_prefix(own.code?)) {
            Some(category) => Classification::new(category, own.code),
            None => {
                let told = self.classify_text(message);
                match (behind, or_category) {
                    _ if told.code.is_some() => told,
                    (Some(behind), _) if behind.category != Category::Unknown => behind,
                    (_, Some(category)) => Classification::new(category, None),
                    _ => told,
                }
            }
        };
        found.code = found.code.or(own.code.map(Box::from));
        found.is_transient = is_transient;
        found
    }

    /// Decides for what nothing but its text is known of.
    #[expect(
        clippy::unused_self,
        reason = "whoever classifies need not know which errors need what is registered"
    )]
    pub(crate) fn classify_text(&self, message: &str) -> Classification {
        match leading_code(message) {
            Some((category, code)) => Classification::new(category, Some(code)),
            None => Classification::new(phrase(message).unwrap_or(Category::Unknown), None),
        }
    }

    /// What registered types say along the chain, outermost first.
    fn asked<'a>(&self, error: &'a (dyn Error + 'static)) -> impl Iterator<Item = Own<'a>> {
        links(error).flat_map(|link| {
            self.registered
                .iter()
                .filter_map(move |ask| guarded(|| ask(link)).flatten())
        })
    }
}

impl fmt::Debug for Classifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Classifier")
            .field("registered", &self.registered.len())
            .field("asked", &self.asked.len())
            .finish()
    }
}

/// What an HTTP status says of the failure behind it.
pub(crate) fn from_status(status: u16) -> Option<Category> {
    match status {
        401 | 403 => Some(Category::Auth),
        408 | 504 => Some(Category::Timeout),
        429 => Some(Category::RateLimit),
        _ => None,
    }
}

fn by_prefix(code: &str) -> Option<Category> {
    CODE_PREFIXES
        .into_iter()
        .find_map(|(prefix, category)| code.starts_with(prefix).then_some(category))
}

/// The code that a text begins with, as `PIPELINE_ASSET_MISSING: no such file` does.
fn leading_code(text: &str) -> Option<(Category, &str)> {
    let category = by_prefix(text)?;
    let is_of_code = |character: char| {
        character.is_ascii_uppercase() || character.is_ascii_digit() || character == '_'
    };
    let length = text.find(|character| !is_of_code(character));
    let (code, after) = text.split_at(length.unwrap_or(text.len()));
    let is_word = !after.starts_with(char::is_alphanumeric);
    let is_more_than_prefix = !code.ends_with('_');
    (is_word && is_more_than_prefix).then_some((category, code))
}

/// Time-outs only: what else an I/O error is (a permission, a refused connection) may have any cause.
fn known_type(error: &(dyn Error + 'static)) -> Option<Category> {
    let kind = downcast::<io::Error>(error)?.kind();
    (kind == io::ErrorKind::TimedOut).then_some(Category::Timeout)
}

/// The category of the first phrase in the text: what follows it is commonly advice (`rate limit; timeout 5s`).
fn phrase(text: &str) -> Option<Category> {
    let text = text.as_bytes();
    (0..text.len()).find_map(|at| {
        // Only their first letters: `t`, `d` and `r`.
        if !matches!(text[at] | 0x20, b't' | b'd' | b'r') {
            return None;
        }
        PHRASES.into_iter().find_map(|(phrase, category)| {
            let candidate = text.get(at..at + phrase.len())?;
            candidate
                .eq_ignore_ascii_case(phrase.as_bytes())
                .then_some(category)
        })
    })
}

#[cfg(test)]
mod tests;
