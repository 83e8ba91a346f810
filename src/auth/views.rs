//! The pages of signing in and of first-run set-up.

use askama::Template;

use crate::error::FieldErrors;
use crate::web::fields::Fields;
use crate::web::layout::Layout;

/// `GET /sign-in`
#[derive(Template)]
#[template(path = "auth/sign_in.html")]
pub struct SignIn {
    /// The frame.
    pub layout: Layout,
    /// What was typed (`email`, `next`).
    pub fields: Fields,
    /// What needs another look.
    pub errors: FieldErrors,
}

/// `GET /setup`
#[derive(Template)]
#[template(path = "auth/setup.html")]
pub struct Setup {
    /// The frame.
    pub layout: Layout,
    /// What was typed.
    pub fields: Fields,
    /// What needs another look.
    pub errors: FieldErrors,
}
