//! Hearing of what other processes change on a shared database.

use std::{thread, time::Duration};

use postgres::{Client, NoTls, fallible_iterator::FallibleIterator};
use tokio::sync::mpsc;

use super::{
    source::{Server, Source},
    writer::Message,
};
use crate::sql;

/// How long news may be overheard before the writer looks by itself, and how long
/// a server that went away is left alone.
const PATIENCE: Duration = Duration::from_millis(400);

/// Starts the thread that listens; a file has no other writers and needs none.
/// It ends by itself once the writer has.
pub(super) fn start(source: &Source, writer: &mpsc::Sender<Message>) -> std::io::Result<()> {
    let Source::Server(server) = source else {
        return Ok(());
    };
    let (server, writer) = (server.clone(), writer.downgrade());
    thread::Builder::new()
        .name("registry-follow".to_owned())
        .spawn(move || serve(&server, &writer))?;
    Ok(())
}

fn serve(server: &Server, writer: &mpsc::WeakSender<Message>) {
    let mut client = None;
    loop {
        match client.take() {
            None => match listen(server) {
                Ok(new) => client = Some(new),
                Err(_) => thread::sleep(PATIENCE),
            },
            Some(mut listening) => {
                if wait(&mut listening).is_ok() {
                    client = Some(listening);
                }
            }
        }
        let Some(writer) = writer.upgrade() else {
            return;
        };
        // A writer whose queue is full is about to look by itself.
        if let Err(mpsc::error::TrySendError::Closed(_)) = writer.try_send(Message::Follow) {
            return;
        }
    }
}

fn listen(server: &Server) -> sql::Result<Client> {
    let mut client = server.config()?.connect(NoTls)?;
    client.batch_execute("LISTEN xueka_registry")?;
    Ok(client)
}

/// Waits for news, or for the end of patience.
fn wait(client: &mut Client) -> sql::Result<()> {
    client.notifications().timeout_iter(PATIENCE).next()?;
    if client.is_closed() {
        return Err(sql::Error::Lost("closed".to_owned()));
    }
    Ok(())
}
