//! Something at pcscd's socket that answers as pcscd does when it will not
//! serve.

use std::{
    io::{self, Read as _, Write as _},
    os::unix::net::{UnixListener, UnixStream},
    path::PathBuf,
    thread,
};

use tempfile::TempDir;

/// How it treats its clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// It says that it speaks another version of the protocol.
    OtherVersion,
    /// It refuses a context, as where polkit does not permit the user.
    NotPermitted,
    /// It says nothing.
    Silent,
}

/// The commands of the protocol that it knows, and errors that it answers.
///
/// Source: pcsc-lite, `src/winscard_msg.h`, `src/PCSC/pcsclite.h.in`.
const CMD_VERSION: u32 = 0x11;
const SERVICE_STOPPED: u32 = 0x8010_001E;
const SECURITY_VIOLATION: u32 = 0x8010_006A;

/// A socket with somebody behind it until the test ends.
#[derive(Debug)]
pub struct FakePcscd {
    folder: TempDir,
}

impl FakePcscd {
    /// Listens.
    #[must_use]
    pub fn start(manner: Manner) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let fake = Self { folder };
        let listener = UnixListener::bind(fake.socket()).unwrap();
        thread::spawn(move || {
            // Held for as long as the test: a client that waits stays waiting.
            let mut clients = Vec::new();
            for client in listener.incoming().flatten() {
                clients.push(client.try_clone());
                thread::spawn(move || serve(client, manner));
            }
        });
        fake
    }

    /// Where it listens, for `PCSCLITE_CSOCK_NAME`.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("pcscd.comm")
    }
}

/// Answers each message by itself, its result in the last four bytes.
fn serve(mut client: UnixStream, manner: Manner) -> io::Result<()> {
    loop {
        let mut header = [0; 8];
        client.read_exact(&mut header)?;
        let [n_bytes, command] = [&header[..4], &header[4..]]
            .map(|part| u32::from_ne_bytes(part.try_into().expect("four bytes")));
        let mut message = vec![0; n_bytes as usize];
        client.read_exact(&mut message)?;
        let result = match (manner, command) {
            (Manner::Silent, _) => continue,
            (Manner::OtherVersion, _) => SERVICE_STOPPED,
            (Manner::NotPermitted, CMD_VERSION) => 0,
            (Manner::NotPermitted, _) => SECURITY_VIOLATION,
        };
        let result_at = message.len() - 4;
        message[result_at..].copy_from_slice(&result.to_ne_bytes());
        client.write_all(&message)?;
    }
}
