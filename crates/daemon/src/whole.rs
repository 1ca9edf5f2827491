//! Requests that break off: an error, never an end.
//!
//! For tonic a request that its client cancels, or lets run into its deadline,
//! is one that ended: a service that takes in a list would take the half that
//! came for the whole. Here the two are told apart before tonic sees them.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use http::{Request, Version};
use http_body::{Body as HttpBody, Frame, SizeHint};
use prost::bytes::Bytes;
use tonic::{Status, body::Body};

/// Makes a request fail that breaks off before its end.
///
/// HTTP/2 alone needs it: over HTTP/1.1 an incomplete body is an error already.
pub(crate) fn whole_request(request: Request<Body>) -> Request<Body> {
    if request.version() != Version::HTTP_2 {
        return request;
    }
    request.map(|body| Body::new(WholeBody { body }))
}

/// A body that ends only where its sender ended it.
struct WholeBody {
    body: Body,
}

impl HttpBody for WholeBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        polled.map(|frame| match frame {
            Some(Ok(frame)) => Some(Ok(frame)),
            // A stream that was reset without an error gives no more frames
            // and yet has not ended.
            None if self.body.is_end_stream() => None,
            None | Some(Err(_)) => Some(Err(broken_off())),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Any code but `CANCELLED`, which tonic takes for an end.
fn broken_off() -> Status {
    Status::aborted("the request broke off before its end")
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use prost::Message;
    use tonic::{Code, Streaming, codec::Codec};
    use tonic_prost::ProstCodec;
    use xueka_api::v1::ListEntriesRequest;

    use super::*;

    /// Frames as a connection delivers them, and whether the sender ended.
    struct Scripted {
        frames: VecDeque<Result<Bytes, Status>>,
        has_ended: bool,
    }

    impl HttpBody for Scripted {
        type Data = Bytes;
        type Error = Status;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
            Poll::Ready(self.frames.pop_front().map(|data| data.map(Frame::data)))
        }

        fn is_end_stream(&self) -> bool {
            self.frames.is_empty() && self.has_ended
        }
    }

    fn message() -> Bytes {
        let message = ListEntriesRequest {
            page_size: 7,
            ..ListEntriesRequest::default()
        };
        let encoded = message.encode_to_vec();
        let length = u32::try_from(encoded.len()).unwrap().to_be_bytes();
        [&[0], length.as_slice(), encoded.as_slice()]
            .concat()
            .into()
    }

    /// What a service gets after one message: the end, or why there is none.
    async fn after_one_message(
        last: Option<Status>,
        has_ended: bool,
    ) -> Result<Option<ListEntriesRequest>, Status> {
        let mut frames = VecDeque::from([Ok(message())]);
        frames.extend(last.map(Err));
        let body = Body::new(Scripted { frames, has_ended });
        let mut request = Request::new(body);
        *request.version_mut() = Version::HTTP_2;
        let body = whole_request(request).into_body();
        let decoder = ProstCodec::<(), ListEntriesRequest>::default().decoder();
        let mut stream = Streaming::new_request(decoder, body, None, None);
        assert_eq!(stream.message().await?.unwrap().page_size, 7);
        stream.message().await
    }

    #[tokio::test]
    async fn only_the_sender_ends_a_stream() {
        let ended = after_one_message(None, true).await;
        assert_eq!(ended.unwrap(), None, "ended by its sender");
        let cases = [
            (Some(Status::cancelled("reset")), "cancelled"),
            (Some(Status::unavailable("gone")), "the connection broke"),
            (None, "reset without an error"),
        ];
        for (last, why) in cases {
            let broken = after_one_message(last, false).await;
            assert_eq!(broken.unwrap_err().code(), Code::Aborted, "{why}");
        }
    }
}
