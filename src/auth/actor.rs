//! In whose name a change is made.

/// Whoever makes a change: a person by page or token, or a part of the program.
#[derive(Clone, Debug)]
pub struct Actor {
    /// The person, when it is one.
    pub user_id: Option<i64>,
    /// The name as histories show it.
    pub name: String,
    /// The request's number, for the audit log.
    pub request_id: String,
}

impl Actor {
    /// A part of the program: `import`, `GitHub hook`, `command line`.
    pub fn program(name: &str) -> Self {
        Actor { user_id: None, name: name.to_owned(), request_id: String::new() }
    }
}
