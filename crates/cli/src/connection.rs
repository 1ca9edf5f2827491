//! The way to the daemon: the connection, and what goes with every request.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use tonic::{Request, Status, transport::Channel};
use xueka_client::{Client, ConnectError};
pub(crate) use xueka_client::{InvalidAddress, ServerAddress};

use crate::{
    args::GlobalArgs,
    failure::Failure,
    words::{self, Language},
};

/// The address that the options, the environment or the default give.
pub(crate) fn chosen_address(options: &GlobalArgs) -> Result<ServerAddress, Failure> {
    match &options.server {
        Some(address) => Ok(address.clone()),
        None => ServerAddress::from_environment().map_err(|InvalidAddress| Failure::Variable),
    }
}

/// A connection to the daemon.
#[derive(Debug)]
pub(crate) struct Connection {
    /// What calls go through.
    pub(crate) channel: Channel,
    client: Client,
    server: String,
    token_file: Option<PathBuf>,
    timeout: Duration,
}

impl Connection {
    /// Connects as the options say.
    pub(crate) async fn open(options: &GlobalArgs, language: Language) -> Result<Self, Failure> {
        let address = chosen_address(options)?;
        let server = address.to_string();
        let token = match &options.token_file {
            Some(_) if !address.is_local() => return Err(Failure::TokenExposed { server }),
            Some(file) => Some((file, token_in(file)?)),
            None => None,
        };
        let connecting = tokio::time::timeout(options.timeout, xueka_client::connect(&address));
        let channel = match connecting.await {
            Ok(Ok(channel)) => channel,
            Ok(Err(ConnectError::Unreachable(cause))) => {
                return Err(Failure::Unreachable { server, cause });
            }
            Ok(Err(ConnectError::NotADaemon)) => return Err(Failure::NotADaemon { server }),
            Err(_) => return Err(Failure::NoAnswer { server }),
        };
        let mut client = Client::new(channel.clone()).with_language(words::language_name(language));
        if let Some((file, token)) = token {
            let shown = client.with_token(&token);
            client = shown.map_err(|_| Failure::TokenFile { file: file.into() })?;
        }
        Ok(Self {
            channel,
            client,
            server,
            token_file: options.token_file.clone(),
            timeout: options.timeout,
        })
    }

    /// The client of the library, for what it does by itself.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// A request that is answered at once.
    pub(crate) fn request<T>(&self, message: T) -> Request<T> {
        self.request_that_waits(message, None)
    }

    /// A request for which the daemon may wait for a card.
    pub(crate) fn request_that_waits<T>(&self, message: T, wait: Option<Duration>) -> Request<T> {
        let mut request = self.endless_request(message);
        request.set_timeout(self.timeout.saturating_add(wait.unwrap_or_default()));
        request
    }

    /// A request that takes as long as it takes.
    pub(crate) fn endless_request<T>(&self, message: T) -> Request<T> {
        self.client.request(message)
    }

    /// What an error of a call over this connection means.
    pub(crate) fn failure(&self, status: Status) -> Failure {
        Failure::of_status(status, &self.server).of_caller(self.token_file.as_deref())
    }
}

fn token_in(file: &Path) -> Result<String, Failure> {
    fs::read_to_string(file).map_err(|cause| Failure::ReadFile {
        file: file.into(),
        cause,
    })
}
