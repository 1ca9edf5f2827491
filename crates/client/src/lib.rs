//! What a Rust program needs to be a client of the daemon.
//!
//! [`connect`] and [`Client`] are the way to the daemon; the calls themselves are
//! those of `xueka_api`. [`ListCopy`] is the blacklist in a file, by which cards
//! are checked where no network is: [`pull`] and [`follow`] keep it up to date,
//! and it refuses whatever is stale, gapped, forged or rolled back.
//!
//! ```no_run
//! use jiff::Timestamp;
//! use xueka_blacklist::ListVerifier;
//! use xueka_client::{Client, ListCopy, ServerAddress, connect, pull};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let address: ServerAddress = "unix:/run/xueka/xuekad.sock".parse()?;
//! let client = Client::new(connect(&address).await?);
//! let keys = std::fs::read_to_string("/etc/xueka/blacklist.pub")?;
//! let trusted = ListVerifier::from_text(&keys).ok_or("no key")?;
//! let mut copy = ListCopy::open("/var/lib/gate/blacklist".as_ref(), trusted)?;
//! pull(&client, &mut copy, Timestamp::now).await?;
//! let number = "1000751012345678".parse()?;
//! let today = jiff::civil::date(2026, 9, 1).try_into()?;
//! let answer = copy.check(xueka_domain::CardKey::Number(number), today, Timestamp::now())?;
//! println!("blocked: {}, {:?} old", answer.terms.is_some(), answer.age);
//! # Ok(())
//! # }
//! ```

mod address;
mod connection;
mod difference;
mod list_copy;
mod pulling;

pub use address::{InvalidAddress, ServerAddress};
pub use connection::{Client, ConnectError, InvalidToken, connect};
pub use difference::Difference;
pub use list_copy::{CopyError, ListCopy, OfflineAnswer};
pub use pulling::{PullError, fetch, follow, pull};
