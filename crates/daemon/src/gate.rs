//! Who calls, and whether the call may pass: every request comes through here.
//!
//! One table names the use case of every method. A method that is not in it
//! is refused; a test goes through the protocol's descriptors and fails on a
//! method without a row.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http::{HeaderMap, HeaderValue, Request, Response, header};
use sha2::{Digest, Sha256};
use tonic::{body::Body, transport::server::UdsConnectInfo};
use tower::{Layer, Service};
use xueka_desk::{Caller, Desk, UseCase};
use xueka_domain::{Language, Role};

use crate::{
    config::SocketRole,
    status::{Denial, ServiceError},
};

/// What a method asks of its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// Nothing.
    Open,
    /// A known caller, of any role.
    Known,
    /// A role that may do this.
    May(UseCase),
}

/// What the method with this path asks; `None` for a method that the table
/// does not have.
#[must_use]
pub(crate) fn rule(path: &str) -> Option<Rule> {
    let (service, method) = path.strip_prefix('/')?.split_once('/')?;
    let use_case = match (service, method) {
        ("grpc.health.v1.Health", _) => return Some(Rule::Open),
        ("grpc.reflection.v1.ServerReflection" | "grpc.reflection.v1alpha.ServerReflection", _) => {
            return Some(Rule::Known);
        }
        ("xueka.v1.ReaderService", "ListReaders" | "ReadCard" | "SignalReader") => {
            UseCase::ReadCards
        }
        ("xueka.v1.ReaderService", "WatchTaps") => UseCase::WatchTaps,
        ("xueka.v1.IssuanceService", "VerifyCard") => UseCase::VerifyCards,
        ("xueka.v1.IssuanceService", "GetCard") => UseCase::SeeCards,
        ("xueka.v1.IssuanceService", "RegisterIssuedCards") => UseCase::RegisterInBulk,
        ("xueka.v1.IssuanceService", "CollectCard" | "ReportLoss" | "CancelLoss") => {
            UseCase::ChangeCards
        }
        ("xueka.v1.NumberService", "ListNumberForms" | "FindCards" | "CheckShortNumber") => {
            UseCase::SeeCards
        }
        ("xueka.v1.NumberService", "TeachNumberForms") => UseCase::TeachNumbers,
        ("xueka.v1.StudentService", "GetStudent" | "SearchStudents") => UseCase::SeeRoll,
        ("xueka.v1.StudentService", "ExportStudents") => UseCase::ExportRoll,
        ("xueka.v1.StudentService", "ImportStudents" | "MoveStudents") => UseCase::ChangeRoll,
        (
            "xueka.v1.CardMakingService",
            "MakeCardMakingFile" | "TakeCardMakingFile" | "StepBatch" | "MakeFactoryFile"
            | "TakeFactoryResult" | "DeliverBatch" | "TakeDelivery" | "GetBatch" | "ListBatches",
        ) => UseCase::MakeCards,
        ("xueka.v1.BlacklistService", "AddEntry" | "RemoveEntry") => UseCase::ChangeBlacklist,
        ("xueka.v1.BlacklistService", "GetEntry" | "ListEntries")
        | ("xueka.v1.DistributionService", "ListDeliveries") => UseCase::SeeBlacklist,
        ("xueka.v1.BlacklistService", "CheckCard" | "CheckCards") => UseCase::CheckBlacklist,
        (
            "xueka.v1.DistributionService",
            "GetBlacklistState"
            | "GetBlacklistSnapshot"
            | "WatchBlacklist"
            | "AcknowledgeBlacklist",
        ) => UseCase::FollowBlacklist,
        ("xueka.v1.InspectionService", "InspectCard") => UseCase::InspectCards,
        ("xueka.v1.InspectionService", "TraceCard") => UseCase::TraceCards,
        ("xueka.v1.PurseService", "ReadBalance" | "ReadTrips") => UseCase::LookIntoPurses,
        ("xueka.v1.RecordingService", "RecordCard") => UseCase::RecordCards,
        (
            "xueka.v1.PersonalisationService",
            "PlanWrite" | "WriteCard" | "RecoverCard" | "ListOpenWrites" | "DeclareSpoilt",
        ) => UseCase::WriteCards,
        ("xueka.v1.ExchangeService", "ExchangeCommands") => UseCase::ExchangeRaw,
        ("xueka.v1.TokenService", "CreateToken" | "ListTokens" | "RevokeToken") => {
            UseCase::ManageTokens
        }
        ("xueka.v1.SimulatorService", "ListSlots" | "InsertCard" | "RemoveCard") => {
            UseCase::Simulate
        }
        _ => return None,
    };
    Some(Rule::May(use_case))
}

/// One request's caller and the language that it reads.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// Who calls.
    pub(crate) caller: Caller,
    /// In which language it wants to be answered.
    pub(crate) language: Language,
}

/// Puts a [`Gate`] before all services.
#[derive(Clone)]
pub(crate) struct GateLayer {
    desk: Arc<Desk>,
    socket_role: Role,
    origins: Arc<[String]>,
}

impl GateLayer {
    /// A gate that asks this desk about tokens, takes callers on the Unix socket
    /// for what the configuration says, and pages of these origins only.
    #[must_use]
    pub(crate) fn new(desk: Arc<Desk>, socket_role: SocketRole, origins: &[String]) -> Self {
        let socket_role = match socket_role {
            SocketRole::Verifier => Role::Verifier,
            SocketRole::Clerk => Role::Clerk,
            SocketRole::Registrar => Role::Registrar,
            SocketRole::Administrator => Role::Administrator,
        };
        Self {
            desk,
            socket_role,
            origins: origins.into(),
        }
    }

    /// Who calls: the bearer of a token or, without one, the peer of the Unix
    /// socket.
    async fn caller(&self, request: &Identity) -> Result<Caller, Denial> {
        if let Some(digest) = request.token_digest {
            let bearer = self.desk.token_bearer(digest).await;
            return bearer.map_err(Denial::Desk)?.ok_or(Denial::WrongToken);
        }
        let user = request.unix_user.ok_or(Denial::NoIdentity)?;
        let actor = format!("unix:{user}");
        Ok(Caller {
            actor: actor.parse().map_err(|_| Denial::NoIdentity)?,
            role: self.socket_role,
        })
    }

    async fn admit(&self, path: &str, identity: &Identity) -> Result<Option<Caller>, Denial> {
        // A browser names the page's origin in every call; nobody else does.
        if let Some(origin) = &identity.origin
            && !self.origins.iter().any(|listed| origin == listed)
        {
            return Err(Denial::Origin);
        }
        let use_case = match rule(path).ok_or(Denial::UnknownMethod)? {
            Rule::Open => return Ok(None),
            Rule::Known => return self.caller(identity).await.map(Some),
            Rule::May(use_case) => use_case,
        };
        let caller = self.caller(identity).await?;
        if use_case.is_open_to(caller.role) {
            Ok(Some(caller))
        } else {
            Err(Denial::NotPermitted { role: caller.role })
        }
    }
}

/// What a request shows of its caller.
struct Identity {
    unix_user: Option<u32>,
    token_digest: Option<[u8; 32]>,
    origin: Option<HeaderValue>,
}

impl Identity {
    fn of(request: &Request<Body>) -> Self {
        let unix_user = request
            .extensions()
            .get::<UdsConnectInfo>()
            .and_then(|info| info.peer_cred)
            .map(|peer| peer.uid());
        let token_digest = request
            .headers()
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            // RFC 9110, §11.1: the scheme may be written in any case.
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Bearer"))
            .map(|(_, secret)| Sha256::digest(secret.trim()).into());
        Self {
            unix_user,
            token_digest,
            origin: request.headers().get(header::ORIGIN).cloned(),
        }
    }
}

/// The first language of `accept-language` that is Chinese or English; English
/// when there is none.
fn language(headers: &HeaderMap) -> Language {
    headers
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .split(',')
        .find_map(|range| match range.trim().get(..2) {
            Some("zh") => Some(Language::Chinese),
            Some("en") => Some(Language::English),
            _ => None,
        })
        .unwrap_or(Language::English)
}

impl<S> Layer<S> for GateLayer {
    type Service = Gate<S>;

    fn layer(&self, inner: S) -> Gate<S> {
        Gate {
            gate: self.clone(),
            inner,
        }
    }
}

/// Lets a request through to the services, or answers it itself.
#[derive(Clone)]
pub(crate) struct Gate<S> {
    gate: GateLayer,
    inner: S,
}

impl<S> Service<Request<Body>> for Gate<S>
where
    S: Service<Request<Body>, Response = Response<Body>> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        // The service that was polled ready serves this request; its clone
        // stays for the next one.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let gate = self.gate.clone();
        Box::pin(async move {
            let language = language(request.headers());
            let identity = Identity::of(&request);
            match gate.admit(request.uri().path(), &identity).await {
                Ok(Some(caller)) => {
                    request.extensions_mut().insert(Call { caller, language });
                }
                Ok(None) => {}
                Err(denial) => {
                    let status = ServiceError::from(denial).into_status(language);
                    return Ok(status.into_http());
                }
            }
            inner.call(request).await
        })
    }
}

#[cfg(test)]
mod tests {
    use prost::Message;
    use prost_types::FileDescriptorSet;

    use super::*;

    #[test]
    fn every_method_has_a_row() {
        let set = FileDescriptorSet::decode(xueka_api::FILE_DESCRIPTOR_SET).unwrap();
        let mut n_methods = 0;
        for file in &set.file {
            for service in &file.service {
                for method in &service.method {
                    let path = format!("/{}.{}/{}", file.package(), service.name(), method.name());
                    let found = rule(&path);
                    assert!(matches!(found, Some(Rule::May(_))), "{path}: {found:?}");
                    n_methods += 1;
                }
            }
        }
        assert_eq!(n_methods, 56);
    }

    #[test]
    fn what_is_not_in_the_table_is_refused() {
        for path in [
            "",
            "/",
            "/xueka.v1.ReaderService",
            "/xueka.v1.ReaderService/",
            "/xueka.v1.ReaderService/EraseCard",
            "/xueka.v1.NoSuchService/ReadCard",
        ] {
            assert_eq!(rule(path), None, "{path}");
        }
    }

    #[test]
    fn a_token_follows_its_scheme() {
        let digest = Some(Sha256::digest("s3cret").into());
        let cases = [
            ("Bearer s3cret", digest, "as it should be"),
            ("bearer  s3cret ", digest, "as some clients write it"),
            ("Basic s3cret", None, "another scheme"),
            ("Bearer", None, "no token"),
            ("s3cret", None, "no scheme"),
        ];
        for (value, expected, why) in cases {
            let mut request = Request::new(Body::empty());
            let value = value.parse().unwrap();
            request.headers_mut().insert(header::AUTHORIZATION, value);
            assert_eq!(Identity::of(&request).token_digest, expected, "{why}");
        }
    }

    #[test]
    fn the_first_known_language_counts() {
        let cases = [
            (
                "zh-CN,zh;q=0.9,en;q=0.8",
                Language::Chinese,
                "a browser in China",
            ),
            ("en-GB", Language::English, "English"),
            ("fr, zh", Language::Chinese, "an unknown one is skipped"),
            ("", Language::English, "nothing"),
        ];
        for (value, expected, why) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, value.parse().unwrap());
            assert_eq!(language(&headers), expected, "{why}");
        }
    }
}
