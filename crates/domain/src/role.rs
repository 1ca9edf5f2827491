//! What a caller may do.

/// The part that a caller plays; the permission table says what it may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Verifies cards and checks the blacklist; learns nothing of persons.
    Verifier,
    /// Works at the desk: reads cards, hands out, reports loss.
    Clerk,
    /// What a clerk may, bulk registration, writing cards and the blacklist by
    /// hand.
    Registrar,
    /// Everything, tokens included.
    Administrator,
    /// Drives the simulator.
    Simulator,
    /// Reads cards and sends commands to them as they are.
    Engineer,
}
