//! The behaviour of a registry, as functions over a [`stand::Stand`].

pub(crate) mod blacklist;
pub(crate) mod counts;
pub(crate) mod issuing;
pub(crate) mod ledger;
pub(crate) mod loss;
pub(crate) mod making;
pub(crate) mod model;
pub(crate) mod printed;
pub(crate) mod procedure;
pub(crate) mod registration;
pub(crate) mod requests;
pub(crate) mod roll;
pub(crate) mod server;
pub(crate) mod stand;
pub(crate) mod tokens;
pub(crate) mod verification;
pub(crate) mod writes;
