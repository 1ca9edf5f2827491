//! PC/SC as a source of readers: the only module that links it.
//!
//! The watcher has a PC/SC context of its own and each reader another, since a
//! context does one thing at a time. A context that has lost its service is
//! dropped and replaced: it fails for ever, while asking whether it is valid
//! says yes (seen on pcsc-lite 1.9.9). The client library is not told apart from
//! the service: any answer that means "dead" counts.

mod cancel;
mod codes;
mod device;
mod probe;
mod reader;
mod source;
mod view;

pub use probe::{ReaderAccess, ReaderProbe, ServiceAnswer, ServiceProbe, probe, service_socket};
pub use reader::PcscReader;
pub use source::PcscSource;
