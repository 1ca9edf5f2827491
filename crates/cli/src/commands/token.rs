//! `token`: credentials for programs that cannot use the Unix socket.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};

use xueka_api::v1::{
    CreateTokenRequest, CreateTokenResponse, ListTokensRequest, ListTokensResponse,
    RevokeTokenRequest, Role, token_service_client::TokenServiceClient,
};

use super::span;
use crate::{
    args::{TokenCommand, TokenRole},
    connection::Connection,
    describe,
    exit::Exit,
    failure::Failure,
    layout,
    output::{self, Output},
    protocol_words, shapes,
    words::Word,
};

/// Does what was typed.
pub(super) async fn run(
    connection: &Connection,
    output: &mut Output,
    command: TokenCommand,
) -> Result<Exit, Failure> {
    match command {
        TokenCommand::Create {
            name,
            role,
            lifetime,
            save,
        } => match save {
            Some(file) => create_and_save(connection, output, name, role, lifetime, file).await,
            None => create_and_show(connection, output, name, role, lifetime).await,
        },
        TokenCommand::List => list(connection, output).await,
        TokenCommand::Revoke { name } => revoke(connection, output, name).await,
    }
}

async fn create(
    connection: &Connection,
    name: String,
    role: TokenRole,
    lifetime: Option<Duration>,
) -> Result<CreateTokenResponse, Failure> {
    let request = CreateTokenRequest {
        name,
        role: Role::from(role).into(),
        lifetime: lifetime.map(span),
    };
    let answer = TokenServiceClient::new(connection.channel.clone())
        .create_token(connection.request(request))
        .await
        .map_err(|status| connection.failure(status))?;
    Ok(answer.into_inner())
}

/// Standard output has the secret alone, so that it can be sent to a file;
/// what there is to say of it goes to standard error.
async fn create_and_show(
    connection: &Connection,
    output: &mut Output,
    name: String,
    role: TokenRole,
    lifetime: Option<Duration>,
) -> Result<Exit, Failure> {
    let answer = create(connection, name, role, lifetime).await?;
    let json = shapes::created_token(&answer, Some(&answer.secret));
    output.answer(&json, |_| answer.secret.clone())?;
    if !output.is_json() {
        output::remark(output.word(Word::TokenShown));
    }
    Ok(Exit::Good)
}

/// The file is made before the token, so that no secret is lost because there
/// was no place for it.
async fn create_and_save(
    connection: &Connection,
    output: &mut Output,
    name: String,
    role: TokenRole,
    lifetime: Option<Duration>,
    path: PathBuf,
) -> Result<Exit, Failure> {
    let failed = |cause: io::Error| Failure::WriteFile {
        file: path.clone(),
        cause,
    };
    let mut file = new_private_file(&path).map_err(failed)?;
    let answer = match create(connection, name.clone(), role, lifetime).await {
        Ok(answer) => answer,
        Err(failure) => {
            // Empty as it is, it would only be in the way of the next attempt.
            let _ = std::fs::remove_file(&path);
            return Err(failure);
        }
    };
    writeln!(file, "{}", answer.secret)
        .and_then(|()| file.sync_all())
        .map_err(|cause| Failure::TokenLost {
            name,
            cause: Box::new(failed(cause)),
        })?;
    output.answer(&shapes::created_token(&answer, None), |output| {
        output.with(Word::TokenSaved, &[("file", &path.to_string_lossy())])
    })?;
    Ok(Exit::Good)
}

#[cfg(unix)]
fn new_private_file(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

/// Elsewhere the directory decides who may read it. Not tried.
#[cfg(not(unix))]
fn new_private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

async fn list(connection: &Connection, output: &mut Output) -> Result<Exit, Failure> {
    let answer = TokenServiceClient::new(connection.channel.clone())
        .list_tokens(connection.request(ListTokensRequest {}))
        .await
        .map_err(|status| connection.failure(status))?
        .into_inner();
    output.answer(&shapes::tokens(&answer), |output| {
        list_text(&answer, output)
    })?;
    Ok(Exit::Good)
}

fn list_text(answer: &ListTokensResponse, output: &Output) -> String {
    if answer.tokens.is_empty() {
        return output.word(Word::NoTokens).to_owned();
    }
    let heading = [Word::Name, Word::Role, Word::Made, Word::Ends];
    let heading = heading.map(|word| output.word(word).to_owned()).to_vec();
    let rows = answer.tokens.iter().map(|token| {
        vec![
            token.name.clone(),
            output.word(protocol_words::role(token.role())).to_owned(),
            describe::optional_time(token.create_time.as_ref()),
            describe::optional_time(token.expire_time.as_ref()),
        ]
    });
    layout::columns(std::iter::once(heading).chain(rows).collect())
}

async fn revoke(
    connection: &Connection,
    output: &mut Output,
    name: String,
) -> Result<Exit, Failure> {
    let request = RevokeTokenRequest { name: name.clone() };
    TokenServiceClient::new(connection.channel.clone())
        .revoke_token(connection.request(request))
        .await
        .map_err(|status| connection.failure(status))?;
    output.answer(&serde_json::json!({}), |output| {
        output.with(Word::TokenRevoked, &[("name", &name)])
    })?;
    Ok(Exit::Good)
}
