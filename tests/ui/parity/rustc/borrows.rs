//! Values that are moved, borrowed or changed as they may not be.
//!
//! The places and the names are the same; of a captured parameter rustc leaves out what kind of variable it is.

use monitor_layer::instrument_step;

#[instrument_step]
pub fn use_after_move(x: String) -> String {
    drop(x);
    x
}
#[instrument_step]
pub async fn use_after_move_async(x: String) -> String {
    drop(x);
    x
}
#[instrument_step]
pub fn not_mut(x: String) -> String {
    x.push('a');
    x
}
#[instrument_step]
pub async fn not_mut_async(x: String) -> String {
    x.push('a');
    x
}
#[instrument_step]
pub fn not_mut_ref(x: &String) {
    x.push('a');
}
#[instrument_step]
pub async fn not_mut_ref_async(x: &String) {
    x.push('a');
}
#[instrument_step]
pub fn not_mut_local() {
    let x = 1;
    x = 2;
}
#[instrument_step]
pub async fn not_mut_local_async() {
    let x = 1;
    x = 2;
}
#[instrument_step]
pub fn returns_local() -> &'static str {
    let x = String::new();
    &x
}
#[instrument_step]
pub async fn returns_local_async() -> &'static str {
    let x = String::new();
    &x
}
#[instrument_step]
pub fn returns_param(x: String) -> &'static str {
    &x
}
#[instrument_step]
pub async fn returns_param_async(x: String) -> &'static str {
    &x
}
#[instrument_step]
pub fn wrong_lt<'a>(x: &'a str, y: &str) -> &'a str {
    y
}
#[instrument_step]
pub async fn wrong_lt_async<'a>(x: &'a str, y: &str) -> &'a str {
    y
}
#[instrument_step]
pub fn wrong_lt2<'a, 'b>(x: &'a str, y: &'b str) -> &'a str {
    y
}
#[instrument_step]
pub async fn wrong_lt2_async<'a, 'b>(x: &'a str, y: &'b str) -> &'a str {
    y
}
#[instrument_step]
pub fn two_mut(mut x: String) {
    let a = &mut x;
    let b = &mut x;
    a.push('a');
    b.push('a');
}
#[instrument_step]
pub async fn two_mut_async(mut x: String) {
    let a = &mut x;
    let b = &mut x;
    a.push('a');
    b.push('a');
}
#[instrument_step]
pub fn move_out(x: &Option<String>) -> String {
    x.unwrap()
}
#[instrument_step]
pub async fn move_out_async(x: &Option<String>) -> String {
    x.unwrap()
}
#[instrument_step]
pub fn uninit() -> u8 {
    let x: u8;
    x
}
#[instrument_step]
pub async fn uninit_async() -> u8 {
    let x: u8;
    x
}
#[instrument_step]
pub fn thread(x: &str) {
    std::thread::spawn(move || x.len());
}
#[instrument_step]
pub async fn thread_async(x: &str) {
    std::thread::spawn(move || x.len());
}
#[instrument_step]
pub fn generic_static<T: std::fmt::Debug>(x: T) -> Box<dyn std::fmt::Debug> {
    Box::new(x)
}
#[instrument_step]
pub async fn generic_static_async<T: std::fmt::Debug>(x: T) -> Box<dyn std::fmt::Debug> {
    Box::new(x)
}
pub struct S {
    x: String,
    y: String,
}
impl S {
    #[instrument_step]
    pub fn move_field(&self) -> String {
        self.x
    }
    #[instrument_step]
    pub async fn move_field_async(&self) -> String {
        self.x
    }
    #[instrument_step]
    pub fn assign(&self) {
        self.x = String::new();
    }
    #[instrument_step]
    pub async fn assign_async(&self) {
        self.x = String::new();
    }
    #[instrument_step]
    pub fn partial(self) -> (String, Self) {
        (self.x, self)
    }
    #[instrument_step]
    pub async fn partial_async(self) -> (String, Self) {
        (self.x, self)
    }
    #[instrument_step]
    pub async fn wrong_async(&self, x: &str) -> &str {
        x
    }
}
