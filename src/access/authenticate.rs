//! From a bearer token to an actor. Roles are read from the database at each request, so that a change of
//! role, a log-out or a disabled account bites at once, on every instance.

use super::actor::{Actor, Grant, Through};
use super::tokens;
use crate::platform::error::{AppError, Code};
use crate::platform::kit::Kit;
use chrono::{DateTime, FixedOffset, NaiveDate, NaiveTime, Utc};
use entity::id::{ClientId, ClientSecretId, ResidentId, SessionId, StaffId, UnitId};
use entity::kind::{ActorKind, ClientScope, Role};
use entity::{api_client, client_secret};
use sea_orm::{ConnectionTrait, EntityTrait, FromQueryResult, Statement};
use uuid::Uuid;

/// One statement: the log-in, its subject, the roles held today and the units that theirs succeeded.
const SESSION: &str = "\
SELECT s.subject_kind, s.subject_id, s.second_factor, st.display_name, r.id AS resident_id,
       g.role, g.unit_id, g.posts, u.name AS unit_name, u.path AS unit_path, p.path AS former_path,
       s.client_id AS through, c.name AS client_name, s.scope AS leave, c.scopes AS client_leave
  FROM session s
  LEFT JOIN staff st ON st.id = s.subject_id AND st.disabled_at IS NULL
  LEFT JOIN resident r ON r.id = s.subject_id AND r.disabled_at IS NULL
  LEFT JOIN role_grant g ON g.staff_id = st.id AND g.valid_from <= $2 AND (g.valid_to IS NULL OR g.valid_to >= $2)
  LEFT JOIN unit u ON u.id = g.unit_id
  LEFT JOIN unit p ON p.successor_id = u.id
  LEFT JOIN api_client c ON c.id = s.client_id
 WHERE s.id = $1 AND s.revoked_at IS NULL AND s.expires_at > $3
   AND (s.client_id IS NULL OR (c.revoked_at IS NULL AND (c.expires_at IS NULL OR c.expires_at > $3)))
 ORDER BY g.id, p.path";

#[derive(Debug, FromQueryResult)]
struct SessionRow {
    subject_kind: ActorKind,
    subject_id: Uuid,
    second_factor: bool,
    display_name: Option<String>,
    resident_id: Option<Uuid>,
    role: Option<Role>,
    unit_id: Option<UnitId>,
    posts: Option<serde_json::Value>,
    unit_name: Option<String>,
    unit_path: Option<String>,
    former_path: Option<String>,
    through: Option<ClientId>,
    client_name: Option<String>,
    leave: Option<String>,
    client_leave: Option<serde_json::Value>,
}

/// The actor of a bearer token.
///
/// # Errors
/// 401 with the reason: the token is forged, expired, or its log-in has ended.
pub async fn actor(kit: &Kit, bearer: &str) -> Result<Actor, AppError> {
    let now = kit.now();
    let claims = tokens::verify(kit, bearer, now).await?;
    if claims.kind == ActorKind::Client {
        return client(kit, &claims, now).await;
    }
    let session = SessionId(claims.sid);
    let values = [claims.sid.into(), local_day(now).into(), now.into()];
    let statement = Statement::from_sql_and_values(kit.db.read().get_database_backend(), SESSION, values);
    let rows = SessionRow::find_by_statement(statement)
        .all(kit.db.read())
        .await?;
    let ended = || AppError::new(Code::SessionRevoked);
    let first = rows.first().ok_or_else(ended)?;
    match first.subject_kind {
        ActorKind::Resident if first.resident_id.is_some() => Ok(Actor::Resident {
            id: ResidentId(first.subject_id),
            session,
            through: through(first),
        }),
        ActorKind::Staff => {
            let id = StaffId(first.subject_id);
            let name = first.display_name.clone().ok_or_else(ended)?;
            let strict = kit.config.auth.second_factor && !first.second_factor;
            Ok(Actor::Staff {
                id,
                name,
                session,
                grants: grants(rows, strict),
            })
        }
        _ => Err(ended()),
    }
}

/// The app that a resident let in, and what it may do: what was taken back from it since is gone, too.
fn through(row: &SessionRow) -> Option<Through> {
    let client = row.through?;
    let held = row
        .client_leave
        .clone()
        .and_then(|held| serde_json::from_value(held).ok());
    let held: Vec<ClientScope> = held.unwrap_or_default();
    let words = row.leave.as_deref().unwrap_or_default().split(' ');
    let given = words.filter_map(ClientScope::from_word);
    Some(Through {
        client,
        name: row.client_name.clone().unwrap_or_default(),
        leave: given.filter(|scope| held.contains(scope)).collect(),
    })
}

/// The same for a member of staff, without a log-in.
const STAFF: &str = "\
SELECT 'staff' AS subject_kind, st.id AS subject_id, $3 AS second_factor, st.display_name, NULL AS resident_id,
       g.role, g.unit_id, g.posts, u.name AS unit_name, u.path AS unit_path, p.path AS former_path,
       NULL AS through, NULL AS client_name, NULL AS leave, NULL AS client_leave
  FROM staff st
  LEFT JOIN role_grant g ON g.staff_id = st.id AND g.valid_from <= $2 AND (g.valid_to IS NULL OR g.valid_to >= $2)
  LEFT JOIN unit u ON u.id = g.unit_id
  LEFT JOIN unit p ON p.successor_id = u.id
 WHERE st.id = $1 AND st.disabled_at IS NULL
 ORDER BY g.id, p.path";

/// A member of staff or a client as they are now, with the rights of today: for what goes on without them. None where
/// they are disabled, revoked or of another kind.
///
/// # Errors
/// When the database does not answer.
pub async fn today(
    kit: &Kit,
    (kind, id): (ActorKind, Uuid),
    second_factor: bool,
) -> Result<Option<Actor>, AppError> {
    let (conn, now) = (kit.db.read(), kit.now());
    match kind {
        ActorKind::Client => {
            let row = api_client::Entity::find_by_id(ClientId(id)).one(conn).await?;
            let good =
                row.filter(|row| row.revoked_at.is_none() && row.expires_at.is_none_or(|end| end > now));
            Ok(good.map(|row| Actor::client(row, None)))
        }
        ActorKind::Staff => {
            let values = [id.into(), local_day(now).into(), second_factor.into()];
            let statement = Statement::from_sql_and_values(conn.get_database_backend(), STAFF, values);
            let rows = SessionRow::find_by_statement(statement).all(conn).await?;
            let Some(name) = rows.first().and_then(|row| row.display_name.clone()) else {
                return Ok(None);
            };
            let strict = kit.config.auth.second_factor && !second_factor;
            Ok(Some(Actor::Staff {
                id: StaffId(id),
                name,
                session: SessionId(Uuid::nil()),
                grants: grants(rows, strict),
            }))
        }
        _ => Ok(None),
    }
}

/// The client of a token, as it is now: revoked, or without the secret by which it got the token, it is out at once; leave
/// that was taken back since is gone, too.
async fn client(kit: &Kit, claims: &tokens::Claims, now: DateTime<Utc>) -> Result<Actor, AppError> {
    let conn = kit.db.read();
    let secret = client_secret::Entity::find_by_id(ClientSecretId(claims.sid))
        .one(conn)
        .await?;
    let ended = || AppError::new(Code::SessionRevoked);
    let secret = secret
        .filter(|secret| secret.revoked_at.is_none())
        .ok_or_else(ended)?;
    let row = api_client::Entity::find_by_id(secret.client_id).one(conn).await?;
    let row = row.filter(|row| row.revoked_at.is_none()).ok_or_else(ended)?;
    if row.expires_at.is_some_and(|end| end <= now) {
        return Err(AppError::new(Code::TokenExpired));
    }
    let asked = claims.scope.as_deref().unwrap_or_default();
    Ok(Actor::client(row, Some(asked)))
}

/// Rows of one grant follow each other; each may add the path of a unit that the grant's unit succeeded.
fn grants(rows: Vec<SessionRow>, strict: bool) -> Vec<Grant> {
    let mut grants: Vec<Grant> = Vec::new();
    for row in rows {
        let (Some(role), Some(unit_id), Some(unit_name), Some(path)) =
            (row.role, row.unit_id, row.unit_name, row.unit_path)
        else {
            continue;
        };
        match grants
            .iter_mut()
            .find(|grant| grant.role == role && grant.unit_id == unit_id)
        {
            Some(grant) => grant
                .paths
                .extend(row.former_path.filter(|path| !grant.paths.contains(path))),
            None => grants.push(Grant {
                role,
                unit_id,
                unit_name,
                paths: std::iter::once(path).chain(row.former_path).collect(),
                posts: row
                    .posts
                    .and_then(|posts| serde_json::from_value(posts).ok())
                    .unwrap_or_default(),
                withheld: strict && needs_second_factor(role),
            }),
        }
    }
    grants
}

/// Roles that act on other people's work or on the system itself (等保三级 8.1.4.1 d).
#[must_use]
pub fn needs_second_factor(role: Role) -> bool {
    matches!(
        role,
        Role::Supervisor | Role::Arbiter | Role::SystemAdmin | Role::SecurityAdmin | Role::Auditor
    )
}

/// The day at which `instant` falls in China (UTC+8 all year).
#[must_use]
pub fn local_day(instant: DateTime<Utc>) -> NaiveDate {
    instant.with_timezone(&china()).date_naive()
}

/// The instant at which a clock in China shows `time` on `day`.
#[must_use]
pub fn instant(day: NaiveDate, time: NaiveTime) -> DateTime<Utc> {
    // A fixed offset has exactly one instant for each local time.
    let local = day.and_time(time);
    local
        .and_local_timezone(china())
        .earliest()
        .map_or_else(|| local.and_utc(), |at| at.to_utc())
}

/// The instant at which `day` is over in China.
#[must_use]
pub fn end_of(day: NaiveDate) -> DateTime<Utc> {
    instant(day.succ_opt().unwrap_or(day), NaiveTime::MIN)
}

/// China's offset from UTC.
#[must_use]
pub fn china() -> FixedOffset {
    // The offset is a constant within chrono's bounds, so the fallback is never taken.
    FixedOffset::east_opt(8 * 3600).unwrap_or_else(|| chrono::Offset::fix(&Utc))
}
