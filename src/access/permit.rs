//! The extractor in every handler's signature: the operation is its type, and without it there is no actor.
//!
//! Who asks is found out by [`identify`] before a request is routed, so that the permit is there at once. Extractors of
//! a handler run side by side: had the permit to wait for the database, a mistake in the body could answer before it,
//! and tell what only those who may ask are to hear.

use super::actor::{Acting, Actor};
use super::authenticate;
use super::policy::{Facts, Op, Operation, Reach, coarse, decide};
use crate::platform::error::{AppError, Code};
use crate::platform::http::request::request_id;
use crate::platform::kit::Kit;
use crate::platform::limit::{Left, Whose};
use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::{AUTHORIZATION, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, FromRequest, HttpMessage, HttpRequest, web};
use entity::id::StaffId;
use std::future::{Ready, ready};
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

    /// Who of the staff asks, and their name.
    ///
    /// # Errors
    /// `Forbidden` where it is nobody of the staff.
    pub fn staff(&self) -> Result<(StaffId, &str), AppError> {
        match &self.actor {
            Actor::Staff { id, name, .. } => Ok((*id, name)),
            _ => Err(AppError::new(Code::Forbidden)),
        }
    }

    /// Whether the operation is allowed for a thing; the role that allows it.
    ///
    /// # Errors
    /// `NotFound` for what the caller may not even read, `Forbidden` otherwise.
    pub fn decide(&self, read: Op, facts: &Facts<'_>) -> Result<Acting, AppError> {
        decide(&self.actor, self.op, read, facts)
    }
}

/// Below it nobody waits for a connection that others hold: who takes on an emergency call is let in at once.
const FIRST: &str = "/api/v1/callbell/calls";

/// Who the token of a request belongs to, or why it is refused.
struct Identified(Result<Actor, AppError>);

/// The middleware that finds out who asks.
///
/// # Errors
/// None of its own: a token that is refused is told by the permit, and where nobody need log in it does no harm.
pub async fn identify<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let identified = match bearer(request.request()) {
        Ok(None) => None,
        Ok(Some(token)) => match request.app_data::<web::Data<Kit>>().cloned() {
            Some(kit) if request.path().starts_with(FIRST) => {
                Some(authenticate::actor(&kit.reserved(), &token).await)
            }
            Some(kit) => Some(authenticate::actor(&kit, &token).await),
            None => Some(Err(AppError::new(Code::Internal))),
        },
        Err(error) => Some(Err(error)),
    };
    let Some(identified) = identified else {
        return next.call(request).await;
    };
    let kit = request.app_data::<web::Data<Kit>>().cloned();
    let left = kit
        .zip(identified.as_ref().ok())
        .and_then(|(kit, actor)| left(&kit, actor));
    let identified = identified.and_then(|actor| match left.and_then(|left| left.wait_s) {
        Some(wait_s) => Err(AppError::new(Code::RateLimited).retry_after(wait_s)),
        None => Ok(actor),
    });
    request.extensions_mut().insert(Identified(identified));
    let mut response = next.call(request).await?;
    for (name, value) in left.iter().flat_map(Left::headers) {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response
                .headers_mut()
                .insert(HeaderName::from_static(name), value);
        }
    }
    Ok(response)
}

/// Counts a request of who is limited.
#[must_use]
pub fn left(kit: &Kit, actor: &Actor) -> Option<Left> {
    match actor {
        Actor::Client { id, .. } => kit.limits.count(Whose::Client(id.0)),
        // An app that asks without end does not shut the resident out.
        Actor::Resident {
            session,
            through: Some(_),
            ..
        } => kit.limits.count(Whose::Resident(session.0)),
        Actor::Resident { id, .. } => kit.limits.count(Whose::Resident(id.0)),
        Actor::Staff { .. } | Actor::Anonymous => None,
    }
}

impl<O: Operation> FromRequest for Permit<O> {
    type Error = AppError;
    type Future = Ready<Result<Self, AppError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}

impl<O: Operation> Permit<O> {
    fn of(request: &HttpRequest) -> Result<Self, AppError> {
        let actor = match identified(request) {
            Ok(actor) => actor.unwrap_or(Actor::Anonymous),
            // Where nobody need log in, a stale token does no harm: clients send it with every request.
            Err(_) if O::OP.is_public() => Actor::Anonymous,
            Err(error) => return Err(error),
        };
        let acting = coarse(&actor, O::OP)?;
        Ok(Self {
            caller: Caller {
                actor,
                acting,
                op: O::OP,
                request_id: request_id(request),
            },
            operation: PhantomData,
        })
    }
}

/// Who the token of a request belongs to, as it was found out, and counted, when the request came; nobody without a token.
///
/// # Errors
/// Why the token is refused.
pub fn identified(request: &HttpRequest) -> Result<Option<Actor>, AppError> {
    let identified = request.extensions_mut().remove::<Identified>();
    identified.map(|Identified(actor)| actor).transpose()
}

/// Who a token belongs to by now: for what goes on long after it was let in.
///
/// # Errors
/// When the token is not good any more, or does not allow the operation.
pub async fn again(kit: &Kit, token: &str, op: Op) -> Result<Actor, AppError> {
    let actor = authenticate::actor(kit, token).await?;
    coarse(&actor, op)?;
    Ok(actor)
}

/// The token of a request.
///
/// # Errors
/// `TokenInvalid` when what it came with is none.
pub fn bearer(request: &HttpRequest) -> Result<Option<String>, AppError> {
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
