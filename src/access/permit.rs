//! The extractor in every handler's signature: the operation is its type, and without it there is no actor.

use super::actor::{Acting, Actor};
use super::authenticate;
use super::policy::{Facts, Op, Operation, Reach, coarse, decide};
use crate::platform::error::{AppError, Code};
use crate::platform::http::request::request_id;
use crate::platform::kit::Kit;
use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use std::marker::PhantomData;

/// Leave to try an operation: who asks, in what role at the most. Whether it is allowed for a given thing is
/// asked with [`Caller::decide`].
#[derive(Debug)]
pub struct Permit<O> {
    /// Who asks.
    pub caller: Caller,
    operation: PhantomData<O>,
}

/// Who asks, for what, in which request: what commands take.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who.
    pub actor: Actor,
    /// In the widest role that the operation knows.
    pub acting: Acting,
    /// What for.
    pub op: Op,
    /// In which request.
    pub request_id: Option<String>,
}

impl Caller {
    /// What the caller reaches in the operation.
    #[must_use]
    pub fn reach(&self) -> Reach {
        Reach::of(&self.actor, self.op)
    }

    /// Whether the operation is allowed for a thing; the role that allows it.
    ///
    /// # Errors
    /// `NotFound` for what the caller may not even read, `Forbidden` otherwise.
    pub fn decide(&self, read: Op, facts: &Facts<'_>) -> Result<Acting, AppError> {
        decide(&self.actor, self.op, read, facts)
    }
}

impl<O: Operation> FromRequest for Permit<O> {
    type Error = AppError;
    type Future = LocalBoxFuture<'static, Result<Self, AppError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        async move {
            let actor = match bearer(&request)? {
                Some(token) => {
                    let kit = request
                        .app_data::<web::Data<Kit>>()
                        .ok_or_else(|| AppError::new(Code::Internal))?;
                    match authenticate::actor(kit, &token).await {
                        // Where nobody need log in, a stale token does no harm: clients send it with every request.
                        Err(_) if O::OP.is_public() => Actor::Anonymous,
                        known => known?,
                    }
                }
                None => Actor::Anonymous,
            };
            let acting = coarse(&actor, O::OP)?;
            let caller = Caller {
                actor,
                acting,
                op: O::OP,
                request_id: request_id(&request),
            };
            Ok(Self {
                caller,
                operation: PhantomData,
            })
        }
        .boxed_local()
    }
}

fn bearer(request: &HttpRequest) -> Result<Option<String>, AppError> {
    let Some(value) = request.headers().get(AUTHORIZATION) else {
        return Ok(None);
    };
    let invalid = || AppError::new(Code::TokenInvalid);
    let value = value.to_str().map_err(|_| invalid())?;
    let (scheme, token) = value.split_once(' ').ok_or_else(invalid)?;
    if !scheme.eq_ignore_ascii_case("bearer") || token.len() > 4096 {
        return Err(invalid());
    }
    Ok(Some(token.trim().to_owned()))
}
