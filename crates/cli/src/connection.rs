//! The way to the daemon: its address, the connection, and what goes with
//! every request.

use std::{
    env, fs, io,
    net::IpAddr,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use hyper_util::rt::TokioIo;
use thiserror::Error;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, UnixStream},
};
use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
    transport::{Channel, Endpoint, Uri},
};
use tower::service_fn;

use crate::{
    args::GlobalArgs,
    failure::Failure,
    words::{self, Language},
};

/// Where the daemon listens unless told otherwise.
const SYSTEM_SOCKET: &str = "/run/xueka/xuekad.sock";

/// How often a daemon with which a call is under way shows that it lives, and
/// how long it may take to do so.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);

/// Where a daemon is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ServerAddress {
    /// A Unix socket.
    Unix(PathBuf),
    /// A host and a port, without encryption.
    Tcp {
        /// Name or address; an IPv6 address without its brackets.
        host: String,
        /// The port.
        port: u16,
    },
}

/// Why a text is no address of a daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not an address; write unix:/path or http://127.0.0.1:PORT")]
pub(crate) struct InvalidAddress;

impl FromStr for ServerAddress {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(path) = text.strip_prefix("unix:") {
            // `unix:///path` and `unix:/path` are two spellings of one thing.
            let path = path.strip_prefix("//").unwrap_or(path);
            return match path {
                "" => Err(InvalidAddress),
                path => Ok(Self::Unix(path.into())),
            };
        }
        let uri: Uri = text.parse().map_err(|_| InvalidAddress)?;
        let is_plain = uri.scheme_str() == Some("http") && matches!(uri.path(), "" | "/");
        let host = uri
            .host()
            .filter(|_| is_plain && uri.query().is_none())
            .ok_or(InvalidAddress)?;
        let port = uri.port_u16().ok_or(InvalidAddress)?;
        let host = host.trim_matches(['[', ']']).to_owned();
        Ok(Self::Tcp { host, port })
    }
}

impl std::fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Tcp { host, port } if host.contains(':') => write!(f, "http://[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "http://{host}:{port}"),
        }
    }
}

impl ServerAddress {
    /// The address that the options, the environment or the default give.
    pub(crate) fn chosen(options: &GlobalArgs) -> Result<Self, Failure> {
        match &options.server {
            Some(address) => Ok(address.clone()),
            None => address_of_environment().map_err(|InvalidAddress| Failure::Variable),
        }
    }

    /// Whether it is a socket in the file system.
    pub(crate) fn is_socket(&self) -> bool {
        matches!(self, Self::Unix(_))
    }

    /// The address when none is given: the user's own daemon when there is
    /// one, else that of the system.
    fn default_on(runtime_dir: Option<PathBuf>, exists: impl Fn(&Path) -> bool) -> Self {
        let own = runtime_dir.map(|directory| directory.join("xueka/xuekad.sock"));
        Self::Unix(
            own.filter(|socket| exists(socket))
                .unwrap_or_else(|| SYSTEM_SOCKET.into()),
        )
    }

    /// Whether what is sent there stays on this machine.
    fn is_local(&self) -> bool {
        match self {
            Self::Unix(_) => true,
            Self::Tcp { host, .. } => {
                host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
            }
        }
    }
}

/// The address that `$XUEKA_SERVER` or the default gives.
fn address_of_environment() -> Result<ServerAddress, InvalidAddress> {
    match env::var("XUEKA_SERVER") {
        Ok(text) if !text.is_empty() => text.parse(),
        _ => {
            let runtime_dir = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
            Ok(ServerAddress::default_on(runtime_dir, Path::exists))
        }
    }
}

/// A connection to the daemon.
#[derive(Debug)]
pub(crate) struct Connection {
    /// What calls go through.
    pub(crate) channel: Channel,
    server: String,
    language: MetadataValue<Ascii>,
    authorization: Option<MetadataValue<Ascii>>,
    token_file: Option<PathBuf>,
    timeout: Duration,
}

impl Connection {
    /// Connects as the options say.
    pub(crate) async fn open(options: &GlobalArgs, language: Language) -> Result<Self, Failure> {
        let address = ServerAddress::chosen(options)?;
        let server = address.to_string();
        let authorization = match &options.token_file {
            Some(_) if !address.is_local() => return Err(Failure::TokenExposed { server }),
            Some(file) => Some(authorization_from(file)?),
            None => None,
        };
        let channel = tokio::time::timeout(options.timeout, connect(&address, &server))
            .await
            .map_err(|_| Failure::NoAnswer {
                server: server.clone(),
            })??;
        Ok(Self {
            channel,
            server,
            language: MetadataValue::from_static(words::language_name(language)),
            authorization,
            token_file: options.token_file.clone(),
            timeout: options.timeout,
        })
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
        let mut request = Request::new(message);
        let metadata = request.metadata_mut();
        metadata.insert("accept-language", self.language.clone());
        if let Some(authorization) = &self.authorization {
            metadata.insert("authorization", authorization.clone());
        }
        request
    }

    /// What an error of a call over this connection means.
    pub(crate) fn failure(&self, status: Status) -> Failure {
        Failure::of_status(status, &self.server).of_caller(self.token_file.as_deref())
    }
}

fn authorization_from(file: &Path) -> Result<MetadataValue<Ascii>, Failure> {
    let text = fs::read_to_string(file).map_err(|cause| Failure::ReadFile {
        file: file.into(),
        cause,
    })?;
    let token = text.trim();
    let invalid = || Failure::TokenFile { file: file.into() };
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(invalid());
    }
    let mut value: MetadataValue<Ascii> =
        format!("Bearer {token}").parse().map_err(|_| invalid())?;
    value.set_sensitive(true);
    Ok(value)
}

/// Both kinds of streams.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

async fn connect(address: &ServerAddress, server: &str) -> Result<Channel, Failure> {
    let target = address.clone();
    let connector = service_fn(move |_: Uri| {
        let target = target.clone();
        async move { dial(&target).await.map(TokioIo::new) }
    });
    endpoint(SIGN_OF_LIFE)
        .connect_with_connector(connector)
        .await
        .map_err(|error| match io_cause(&error) {
            Some(cause) => Failure::Unreachable {
                server: server.to_owned(),
                cause,
            },
            None => Failure::NotADaemon {
                server: server.to_owned(),
            },
        })
}

/// How a daemon is talked to. A call without a deadline, such as `watch`, would
/// wait for ever for a daemon that stopped without closing its connections:
/// such a one is given up when it shows no sign of life.
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
    use xueka_api::v1::{WatchTapsRequest, reader_service_client::ReaderServiceClient};

    use super::*;

    fn unix(path: &str) -> ServerAddress {
        ServerAddress::Unix(path.into())
    }

    fn tcp(host: &str, port: u16) -> ServerAddress {
        let host = host.to_owned();
        ServerAddress::Tcp { host, port }
    }

    #[test]
    fn an_address_is_a_socket_or_a_port() {
        let cases = [
            ("unix:/run/x.sock", Ok(unix("/run/x.sock")), "socket"),
            (
                "unix:///run/x.sock",
                Ok(unix("/run/x.sock")),
                "as gRPC spells it",
            ),
            ("unix:x.sock", Ok(unix("x.sock")), "relative"),
            ("http://127.0.0.1:7071", Ok(tcp("127.0.0.1", 7071)), "port"),
            ("http://[::1]:7071/", Ok(tcp("::1", 7071)), "IPv6"),
            ("http://localhost:1", Ok(tcp("localhost", 1)), "name"),
            ("unix:", Err(InvalidAddress), "no path"),
            ("http://127.0.0.1", Err(InvalidAddress), "no port"),
            ("http://127.0.0.1:1/x", Err(InvalidAddress), "a path"),
            (
                "https://127.0.0.1:1",
                Err(InvalidAddress),
                "not spoken here",
            ),
            ("/run/x.sock", Err(InvalidAddress), "no scheme"),
        ];
        for (text, expected, why) in cases {
            assert_eq!(text.parse::<ServerAddress>(), expected, "{text}: {why}");
        }
    }

    #[test]
    fn an_address_is_shown_as_it_can_be_typed() {
        for text in ["unix:/a", "http://127.0.0.1:1", "http://[::1]:1"] {
            let address: ServerAddress = text.parse().unwrap();
            assert_eq!(address.to_string(), text);
        }
    }

    #[test]
    fn the_users_own_daemon_comes_first() {
        let own = || Some(PathBuf::from("/run/user/1"));
        let system = unix(SYSTEM_SOCKET);
        let found = ServerAddress::default_on(own(), |_| true);
        assert_eq!(found, unix("/run/user/1/xueka/xuekad.sock"));
        assert_eq!(ServerAddress::default_on(own(), |_| false), system);
        assert_eq!(ServerAddress::default_on(None, |_| true), system);
    }

    #[test]
    fn a_token_stays_on_this_machine() {
        let cases = [
            (unix("/a"), true),
            (tcp("localhost", 1), true),
            (tcp("127.0.0.2", 1), true),
            (tcp("::1", 1), true),
            (tcp("192.168.0.2", 1), false),
            (tcp("desk.example", 1), false),
        ];
        for (address, expected) in cases {
            assert_eq!(address.is_local(), expected, "{address}");
        }
    }

    #[test]
    fn a_token_file_has_one_visible_line() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("token");
        let cases = [
            ("abc.DEF-1\n", true, "as an editor saves it"),
            ("", false, "nothing"),
            ("two words", false, "a space"),
            ("two\nlines", false, "two lines"),
            ("密", false, "not ASCII"),
        ];
        for (text, expected, why) in cases {
            fs::write(&file, text).unwrap();
            assert_eq!(authorization_from(&file).is_ok(), expected, "{why}");
        }
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

        let failure = Failure::of_status(answer.unwrap_err(), "unix:/s");
        assert!(
            matches!(failure, Failure::ConnectionLost { .. }),
            "{failure:?}"
        );
    }
}
