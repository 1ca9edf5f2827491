//! The readers that pcscd has opened through this library.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::{abi::Dword, reader::Reader};

/// By pcscd's numbers for them; a handful.
static READERS: Mutex<Vec<(Dword, Arc<Reader>)>> = Mutex::new(Vec::new());

/// The reader of this number.
pub(crate) fn find(lun: Dword) -> Option<Arc<Reader>> {
    let readers = lock();
    let found = readers.iter().find(|(number, _)| *number == lun);
    found.map(|(_, reader)| Arc::clone(reader))
}

/// Adds a reader; one that had the number is closed.
pub(crate) fn insert(lun: Dword, reader: Reader) {
    remove(lun);
    lock().push((lun, Arc::new(reader)));
}

/// Closes a reader: whoever waits for it is let go. `false` if there is none.
pub(crate) fn remove(lun: Dword) -> bool {
    let mut readers = lock();
    let Some(index) = readers.iter().position(|(number, _)| *number == lun) else {
        return false;
    };
    let (_, reader) = readers.swap_remove(index);
    reader.watch.stop();
    true
}

fn lock() -> MutexGuard<'static, Vec<(Dword, Arc<Reader>)>> {
    READERS.lock().unwrap_or_else(PoisonError::into_inner)
}
