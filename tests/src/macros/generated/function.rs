use super::{body, parameter::Parameter, returned::Returned};
use crate::support::Random;

/// How a function is asked for what it returns.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Form {
    Sync,
    Async,
    /// A function that prepares something and returns a future.
    Future,
    Boxed,
}

pub(super) struct Function {
    name: String,
    form: Form,
    receiver: Receiver,
    is_unsafe: bool,
    parameters: Vec<Parameter>,
    returned: Returned,
    body: String,
}

#[derive(Clone, Copy, PartialEq)]
enum Receiver {
    None,
    /// Of a type, without `self`.
    Associated,
    /// The parameter, and what the method is called on.
    Of(&'static str, &'static str),
}

const RECEIVERS: [Receiver; 12] = [
    Receiver::None,
    Receiver::None,
    Receiver::None,
    Receiver::Associated,
    Receiver::Of("&self", "scene(7)"),
    Receiver::Of("&'a self", "scene(8)"),
    Receiver::Of("&mut self", "scene(9)"),
    Receiver::Of("self", "scene(10)"),
    Receiver::Of("mut self", "scene(11)"),
    Receiver::Of("self: Box<Self>", "Box::new(scene(12))"),
    Receiver::Of("self: Arc<Self>", "Arc::new(scene(13))"),
    Receiver::Of("self: Pin<&mut Self>", "Pin::new(&mut scene(14))"),
];

impl Function {
    pub(super) fn random(random: &mut Random, number: usize) -> Self {
        let form = match random.below(8) {
            0..=2 => Form::Sync,
            3..=5 => Form::Async,
            6 => Form::Future,
            _ => Form::Boxed,
        };
        let receiver = RECEIVERS[random.below(RECEIVERS.len() as u64) as usize];
        let parameters: Vec<_> = (0..random.below(5) as usize)
            .map(|place| Parameter::random(random, place, form))
            .collect();
        let borrows = parameters.iter().find_map(Parameter::borrowed_text);
        let returned = Returned::random(random, form, borrows.as_deref());
        let body = body::write(
            random,
            form,
            &parameters,
            matches!(receiver, Receiver::Of(..)),
            &returned,
        );
        Self {
            name: format!("step_{number}"),
            form,
            receiver,
            is_unsafe: random.below(12) == 0,
            parameters,
            returned,
            body,
        }
    }

    pub(super) fn item(&self) -> String {
        let function = format!("#[instrument_step]\n{} {}\n", self.signature(), self.body);
        match self.receiver {
            Receiver::None => function,
            Receiver::Associated | Receiver::Of(..) => format!("impl Scene {{\n{function}}}\n"),
        }
    }

    fn signature(&self) -> String {
        let Self { name, .. } = self;
        let is_async = if self.form == Form::Async {
            "async "
        } else {
            ""
        };
        let is_unsafe = if self.is_unsafe { "unsafe " } else { "" };
        let generics: Vec<_> = ["'a"]
            .into_iter()
            .chain(
                self.parameters
                    .iter()
                    .filter_map(|parameter| parameter.generic),
            )
            .collect();
        let receiver = match self.receiver {
            Receiver::Of(parameter, _) => Some(parameter.to_owned()),
            _ => None,
        };
        let parameters: Vec<_> = receiver
            .into_iter()
            .chain(self.parameters.iter().map(Parameter::declared))
            .collect();
        let returned = match self.form {
            Form::Sync | Form::Async => self.returned.declared.to_owned(),
            Form::Future => format!("impl Future<Output = {}>", self.returned.declared),
            Form::Boxed => {
                format!(
                    "Pin<Box<dyn Future<Output = {}> + 'a>>",
                    self.returned.declared
                )
            }
        };
        format!(
            "{is_async}{is_unsafe}fn {name}<{}>({}) -> {returned}",
            generics.join(", "),
            parameters.join(", ")
        )
    }

    /// Some calls, as statements.
    pub(super) fn calls(&self) -> String {
        (0..3).map(|call| self.call(call)).collect()
    }

    fn call(&self, number: u64) -> String {
        let Self { name, .. } = self;
        let on = match self.receiver {
            Receiver::None => String::new(),
            Receiver::Associated => "Scene::".to_owned(),
            Receiver::Of(_, on) => format!("{on}."),
        };
        let arguments: Vec<_> = self
            .parameters
            .iter()
            .map(|parameter| parameter.argument(number))
            .collect();
        let mut call = format!("{on}{name}({})", arguments.join(", "));
        if self.form != Form::Sync {
            call = format!("wait({call})");
        }
        let shown = self.returned.shown.replace("CALL", &call);
        let show = format!("show(\"{name}\", || format!(\"{{:?}}\", {shown}))");
        match self.is_unsafe {
            // Around all of it, for what a call borrows lives to the end of the statement.
            true => format!("    unsafe {{ {show}; }}\n"),
            false => format!("    {show};\n"),
        }
    }
}
