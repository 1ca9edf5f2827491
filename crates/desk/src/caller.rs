//! Who asks for a use case.

use xueka_domain::Role;
use xueka_registry::Actor;

/// Who asks, and as what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The name under which changes stand in the audit; no person's.
    pub actor: Actor,
    /// What the caller may do.
    pub role: Role,
}
