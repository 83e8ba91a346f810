//! Bodies in chunks, which may have no end. Whoever is answered before the end is not listened to for ever.
//!
//! The server reads such a body to its end once nobody holds it any more, so that the connection can be used again;
//! one that is still held when its answer is through has its connection closed, after a moment to read the answer.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::HttpMessage;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::header::TRANSFER_ENCODING;
use actix_web::web::Bytes;
use futures_core::Stream;

/// A body that is held until its answer is through.
#[derive(Clone)]
pub struct Hold(Rc<RefCell<Payload>>);

impl Stream for Hold {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut *self.0.borrow_mut()).poll_next(context)
    }
}

/// Takes hold of the body of a request that comes in chunks; its handler reads it all the same.
pub fn hold(request: &mut ServiceRequest) -> Option<Hold> {
    if !request.headers().contains_key(TRANSFER_ENCODING) {
        return None;
    }
    let hold = Hold(Rc::new(RefCell::new(request.take_payload())));
    request.set_payload(Payload::Stream { payload: Box::pin(hold.clone()) });
    Some(hold)
}

/// The same answer, which holds the body of its request until it is through.
pub fn until_through(response: ServiceResponse<BoxBody>, hold: Option<Hold>) -> ServiceResponse<BoxBody> {
    match hold {
        Some(hold) => response.map_body(|_, body| BoxBody::new(Holding { body, _hold: hold })),
        None => response,
    }
}

struct Holding {
    body: BoxBody,
    _hold: Hold,
}

impl MessageBody for Holding {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(context)
    }
}
