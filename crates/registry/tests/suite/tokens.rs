//! Tokens, from their making to their end.

use xueka_domain::Role;
use xueka_registry::{NewToken, Refusal, Token};

use super::stand::{Stand, refusal, stamp, time};

fn token(name: &str, secret: u8, until: i64) -> NewToken {
    NewToken {
        name: name.parse().unwrap(),
        role: Role::Verifier,
        secret_hash: [secret; 32],
        expire_time: time(until),
    }
}

pub(crate) async fn a_token_lives_until_it_ends(stand: &Stand) {
    let registry = &stand.registry;
    let made = registry
        .create_token(stamp(0), token("gate", 1, 10))
        .await
        .unwrap();
    let expected = Token {
        name: "gate".parse().unwrap(),
        role: Role::Verifier,
        create_time: time(0),
        expire_time: time(10),
    };
    assert_eq!(made, expected);
    registry
        .create_token(stamp(0), token("canteen", 2, 20))
        .await
        .unwrap();

    assert_eq!(
        registry.find_token([1; 32], time(9)).await.unwrap(),
        Some(expected)
    );
    assert_eq!(
        registry.find_token([1; 32], time(10)).await.unwrap(),
        None,
        "ended"
    );
    assert_eq!(registry.find_token([3; 32], time(0)).await.unwrap(), None);
    let names = |tokens: Vec<Token>| {
        let names = tokens.iter().map(|token| token.name.as_str().to_owned());
        names.collect::<Vec<_>>()
    };
    let live = registry.list_tokens(time(9)).await.unwrap();
    assert_eq!(names(live), ["canteen", "gate"]);
    let live = registry.list_tokens(time(10)).await.unwrap();
    assert_eq!(names(live), ["canteen"]);

    registry
        .revoke_token(stamp(3), "canteen".parse().unwrap())
        .await
        .unwrap();
    assert_eq!(registry.find_token([2; 32], time(4)).await.unwrap(), None);
}

pub(crate) async fn a_live_name_is_taken(stand: &Stand) {
    let registry = &stand.registry;
    registry
        .create_token(stamp(0), token("gate", 1, 10))
        .await
        .unwrap();
    let again = registry.create_token(stamp(9), token("gate", 2, 30)).await;
    assert_eq!(refusal(again), Refusal::TokenExists);
    registry
        .create_token(stamp(10), token("gate", 2, 30))
        .await
        .unwrap();
    assert_eq!(registry.find_token([1; 32], time(5)).await.unwrap(), None);

    let revoke = |name: &str| registry.revoke_token(stamp(11), name.parse().unwrap());
    revoke("gate").await.unwrap();
    assert_eq!(refusal(revoke("gate").await), Refusal::TokenNotFound);
    registry
        .create_token(stamp(12), token("gate", 3, 30))
        .await
        .unwrap();
}
