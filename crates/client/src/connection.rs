//! The connection to a daemon, and what goes with every request.

use std::{io, time::Duration};

use hyper_util::rt::TokioIo;
use thiserror::Error;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, UnixStream},
};
use tonic::{
    Request,
    metadata::{Ascii, MetadataValue},
    transport::{Channel, Endpoint, Uri},
};
use tower::service_fn;

use crate::ServerAddress;

/// How often a daemon with which a call is under way shows that it lives, and
/// how long it may take to do so.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);

/// Why there is no connection.
#[derive(Debug, Error)]
pub enum ConnectError {
    /// Nothing could be reached at the daemon's address.
    #[error("nothing answers at the address; see that the daemon runs there")]
    Unreachable(#[source] io::Error),
    /// Something answered there that does not speak gRPC.
    #[error("what answers at the address is no daemon; see that it is the right one")]
    NotADaemon,
}

/// The text is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a token is one line of visible ASCII characters")]
pub struct InvalidToken;

/// Connects to a daemon.
///
/// A call without a deadline would wait for ever for a daemon that stopped
/// without closing its connections: one that shows no sign of life for half a
/// minute is given up.
///
/// # Errors
///
/// [`ConnectError`].
pub async fn connect(address: &ServerAddress) -> Result<Channel, ConnectError> {
    let target = address.clone();
    let connector = service_fn(move |_: Uri| {
        let target = target.clone();
        async move { dial(&target).await.map(TokioIo::new) }
    });
    endpoint(SIGN_OF_LIFE)
        .connect_with_connector(connector)
        .await
        .map_err(|error| {
            io_cause(&error).map_or(ConnectError::NotADaemon, ConnectError::Unreachable)
        })
}

/// A connection, with what goes along with every request: the caller's token and
/// language.
#[derive(Clone, Debug)]
pub struct Client {
    channel: Channel,
    token: Option<MetadataValue<Ascii>>,
    language: Option<MetadataValue<Ascii>>,
}

impl Client {
    /// A client that shows no token and is answered in English.
    #[must_use]
    pub fn new(channel: Channel) -> Self {
        Self {
            channel,
            token: None,
            language: None,
        }
    }

    /// The same with a token, with or without white space around.
    ///
    /// # Errors
    ///
    /// [`InvalidToken`].
    pub fn with_token(mut self, token: &str) -> Result<Self, InvalidToken> {
        let token = token.trim();
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(InvalidToken);
        }
        let value = format!("Bearer {token}").parse();
        let mut value: MetadataValue<Ascii> = value.map_err(|_| InvalidToken)?;
        value.set_sensitive(true);
        self.token = Some(value);
        Ok(self)
    }

    /// The same, answered in a language: `zh` or `en`.
    #[must_use]
    pub fn with_language(mut self, language: &'static str) -> Self {
        self.language = Some(MetadataValue::from_static(language));
        self
    }

    /// What calls go through.
    #[must_use]
    pub fn channel(&self) -> Channel {
        self.channel.clone()
    }

    /// A request without a deadline.
    #[must_use]
    pub fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        let metadata = request.metadata_mut();
        if let Some(language) = &self.language {
            metadata.insert("accept-language", language.clone());
        }
        if let Some(token) = &self.token {
            metadata.insert("authorization", token.clone());
        }
        request
    }
}

/// Both kinds of streams.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// How a daemon is talked to.
fn endpoint(sign_of_life: Duration) -> Endpoint {
    // The authority is for the protocol only; the connector knows the way.
    Endpoint::from_static("http://localhost")
        .http2_keep_alive_interval(sign_of_life)
        .keep_alive_timeout(sign_of_life)
}

async fn dial(address: &ServerAddress) -> io::Result<Box<dyn Stream>> {
    match address {
        ServerAddress::Unix(path) => Ok(Box::new(UnixStream::connect(path).await?)),
        ServerAddress::Tcp { host, port } => {
            let stream = TcpStream::connect((host.as_str(), *port)).await?;
            stream.set_nodelay(true)?;
            Ok(Box::new(stream))
        }
    }
}

/// The system's own word on why a connection could not be made.
fn io_cause(error: &tonic::transport::Error) -> Option<io::Error> {
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        if let Some(io) = cause.downcast_ref::<io::Error>() {
            return Some(match io.raw_os_error() {
                Some(number) => io::Error::from_raw_os_error(number),
                None => io.kind().into(),
            });
        }
        next = cause.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use tonic::Code;
    use xueka_api::v1::{WatchTapsRequest, reader_service_client::ReaderServiceClient};

    use super::*;

    #[tokio::test]
    async fn a_token_is_one_visible_line() {
        let cases = [
            ("abc.DEF-1\n", true, "as an editor saves it"),
            ("", false, "nothing"),
            ("two words", false, "a space"),
            ("two\nlines", false, "two lines"),
            ("密", false, "not ASCII"),
        ];
        for (text, expected, why) in cases {
            let channel = endpoint(SIGN_OF_LIFE).connect_lazy();
            let client = Client::new(channel).with_token(text);
            assert_eq!(client.is_ok(), expected, "{why}");
        }
    }

    #[tokio::test]
    async fn every_request_says_who_asks_and_in_which_language() {
        let channel = endpoint(SIGN_OF_LIFE).connect_lazy();
        let client = Client::new(channel).with_language("zh");
        let client = client.with_token("s3cret").unwrap();
        let request = client.request(());
        let told = |name| request.metadata().get(name).unwrap().to_str().unwrap();
        assert_eq!(told("accept-language"), "zh");
        assert_eq!(told("authorization"), "Bearer s3cret");
        assert!(!format!("{client:?}").contains("s3cret"));
    }

    #[tokio::test]
    async fn a_daemon_that_hangs_is_given_up() {
        let (here, _there) = UnixStream::pair().unwrap();
        let mut only = Some(TokioIo::new(here));
        let connector = service_fn(move |_: Uri| {
            let stream = only.take().ok_or(io::ErrorKind::ConnectionRefused);
            async move { stream.map_err(io::Error::from) }
        });
        let endpoint = endpoint(Duration::from_millis(5));
        let channel = endpoint.connect_with_connector(connector).await.unwrap();
        let mut readers = ReaderServiceClient::new(channel);

        // Without a sign of life asked for, this waits for ever.
        let answer = readers.watch_taps(WatchTapsRequest::default()).await;

        let code = answer.unwrap_err().code();
        assert!(
            matches!(code, Code::Unavailable | Code::Unknown | Code::Internal),
            "{code:?}"
        );
    }
}
