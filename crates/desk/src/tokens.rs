//! Tokens for callers that show no other identity.

use std::time::Duration;

use xueka_domain::Role;
use xueka_registry::{Actor, NewToken, Token, TokenName};

use crate::{Caller, Desk, DeskError};

/// A token to be made. Its secret stays with the caller.
#[derive(Clone, Debug)]
pub struct FreshToken {
    /// Its name.
    pub name: TokenName,
    /// What its bearer may do.
    pub role: Role,
    /// SHA-256 of its secret.
    pub secret_hash: [u8; 32],
    /// How long it lives.
    pub lifetime: Duration,
}

impl Desk {
    /// Makes a token.
    ///
    /// # Errors
    ///
    /// [`DeskError::Registry`].
    pub async fn create_token(
        &self,
        caller: &Caller,
        fresh: FreshToken,
    ) -> Result<Token, DeskError> {
        let stamp = self.stamp(caller);
        let expire_time = stamp
            .now
            .saturating_add(fresh.lifetime)
            .unwrap_or(jiff::Timestamp::MAX);
        let token = NewToken {
            name: fresh.name,
            role: fresh.role,
            secret_hash: fresh.secret_hash,
            expire_time,
        };
        Ok(self.registry.create_token(stamp, token).await?)
    }

    /// The tokens that live.
    ///
    /// # Errors
    ///
    /// [`DeskError::Registry`].
    pub async fn list_tokens(&self) -> Result<Vec<Token>, DeskError> {
        Ok(self.registry.list_tokens(self.clock.now()).await?)
    }

    /// Ends a token at once, for calls under way too, as far as they await
    /// [`revocation`](Self::revocation).
    ///
    /// # Errors
    ///
    /// [`DeskError::Registry`].
    pub async fn revoke_token(&self, caller: &Caller, name: TokenName) -> Result<(), DeskError> {
        let stamp = self.stamp(caller);
        let bearer = bearer(&name);
        self.registry.revoke_token(stamp, name).await?;
        // Without a call under way there is nobody to tell.
        self.revoked.send(bearer).ok();
        Ok(())
    }

    /// Ends when the token that `caller` bears is revoked; for long calls.
    pub fn revocation(&self, caller: &Caller) -> impl Future<Output = ()> + Send + use<> {
        let mut revoked = self.revoked.subscribe();
        let caller = Some(caller.actor.clone());
        async move {
            // Who missed some of them may have missed its own.
            while let Ok(actor) = revoked.recv().await {
                if actor == caller {
                    return;
                }
            }
        }
    }

    /// The caller who bears the token with this hash; `None` when none lives.
    ///
    /// # Errors
    ///
    /// [`DeskError::Registry`].
    pub async fn token_bearer(&self, secret_hash: [u8; 32]) -> Result<Option<Caller>, DeskError> {
        let token = self
            .registry
            .find_token(secret_hash, self.clock.now())
            .await?;
        Ok(token.and_then(|token| {
            Some(Caller {
                actor: bearer(&token.name)?,
                role: token.role,
            })
        }))
    }
}

/// Under which name the bearer of a token makes changes.
fn bearer(name: &TokenName) -> Option<Actor> {
    format!("token:{name}").parse().ok()
}
