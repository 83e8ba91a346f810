//! The small forms of an incident's page: status, severity, times, roles, impact figures, updates. Each is a
//! resource of its own; a form that needs another look is shown again on a page of its own.

pub mod pages;
