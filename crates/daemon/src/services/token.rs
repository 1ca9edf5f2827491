//! `TokenService`.

use std::{sync::Arc, time::Duration};

use sha2::{Digest, Sha256};
use tonic::{Request, Response, Status};
use xueka_api::v1::{
    self, CreateTokenRequest, CreateTokenResponse, ListTokensRequest, ListTokensResponse,
    RevokeTokenRequest, RevokeTokenResponse, token_service_server::TokenService,
};
use xueka_desk::{Desk, FreshToken};
use xueka_domain::Role;
use xueka_registry::{Token, TokenName};

use super::served;
use crate::{convert, gate::Call, status::ServiceError};

const DAY: Duration = Duration::from_hours(24);

/// The shortest, usual and longest life of a token.
const SHORTEST: Duration = Duration::from_mins(1);
const USUAL: Duration = DAY.saturating_mul(90);
const LONGEST: Duration = DAY.saturating_mul(400);

/// Makes and ends tokens.
pub(crate) struct Tokens {
    desk: Arc<Desk>,
}

impl Tokens {
    pub(crate) fn new(desk: Arc<Desk>) -> Self {
        Self { desk }
    }

    async fn create(
        &self,
        call: Call,
        request: CreateTokenRequest,
    ) -> Result<CreateTokenResponse, ServiceError> {
        let name = token_name(&request.name)?;
        let role = role(convert::known("role", request.role)?)
            .ok_or_else(|| ServiceError::argument("role", "say what its bearer may do"))?;
        let lifetime = lifetime(request.lifetime)?;
        let secret = secret()?;
        let fresh = FreshToken {
            name,
            role,
            secret_hash: Sha256::digest(&secret).into(),
            lifetime,
        };
        let token = self.desk.create_token(&call.caller, fresh).await?;
        Ok(CreateTokenResponse {
            token: Some(token_message(&token)),
            secret,
        })
    }

    async fn list(&self) -> Result<ListTokensResponse, ServiceError> {
        let tokens = self.desk.list_tokens().await?;
        Ok(ListTokensResponse {
            tokens: tokens.iter().map(token_message).collect(),
        })
    }

    async fn revoke(
        &self,
        call: Call,
        request: RevokeTokenRequest,
    ) -> Result<RevokeTokenResponse, ServiceError> {
        let name = token_name(&request.name)?;
        self.desk.revoke_token(&call.caller, name).await?;
        Ok(RevokeTokenResponse {})
    }
}

/// 256 random bits, in hexadecimal so that it survives every copy and paste.
fn secret() -> Result<String, ServiceError> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes)
        .map_err(|_| ServiceError::Internal("the system gives no random bytes"))?;
    Ok(hex::encode(bytes))
}

fn token_name(text: &str) -> Result<TokenName, ServiceError> {
    text.parse()
        .map_err(|error| ServiceError::argument("name", error))
}

fn lifetime(asked: Option<prost_types::Duration>) -> Result<Duration, ServiceError> {
    let Some(asked) = asked else { return Ok(USUAL) };
    convert::span(asked)
        .filter(|lifetime| (SHORTEST..=LONGEST).contains(lifetime))
        .ok_or_else(|| ServiceError::argument("lifetime", "a token lives 1 minute to 400 days"))
}

fn role(role: v1::Role) -> Option<Role> {
    match role {
        v1::Role::Unspecified => None,
        v1::Role::Verifier => Some(Role::Verifier),
        v1::Role::Clerk => Some(Role::Clerk),
        v1::Role::Registrar => Some(Role::Registrar),
        v1::Role::Administrator => Some(Role::Administrator),
        v1::Role::Simulator => Some(Role::Simulator),
        v1::Role::Engineer => Some(Role::Engineer),
    }
}

fn role_message(role: Role) -> v1::Role {
    match role {
        Role::Verifier => v1::Role::Verifier,
        Role::Clerk => v1::Role::Clerk,
        Role::Registrar => v1::Role::Registrar,
        Role::Administrator => v1::Role::Administrator,
        Role::Simulator => v1::Role::Simulator,
        Role::Engineer => v1::Role::Engineer,
    }
}

fn token_message(token: &Token) -> v1::Token {
    v1::Token {
        name: token.name.to_string(),
        role: role_message(token.role).into(),
        create_time: Some(convert::timestamp(token.create_time)),
        expire_time: Some(convert::timestamp(token.expire_time)),
    }
}

#[tonic::async_trait]
impl TokenService for Tokens {
    async fn create_token(
        &self,
        request: Request<CreateTokenRequest>,
    ) -> Result<Response<CreateTokenResponse>, Status> {
        served(request, |call, request| self.create(call, request)).await
    }

    async fn list_tokens(
        &self,
        request: Request<ListTokensRequest>,
    ) -> Result<Response<ListTokensResponse>, Status> {
        served(request, |_, _| self.list()).await
    }

    async fn revoke_token(
        &self,
        request: Request<RevokeTokenRequest>,
    ) -> Result<Response<RevokeTokenResponse>, Status> {
        served(request, |call, request| self.revoke(call, request)).await
    }
}
