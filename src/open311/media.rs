//! Pictures by links: readers of the protocol fetch them without a key. A link is known to whom it was given, and can't be
//! guessed; only what the requester may see has one.

use crate::attachments;
use crate::platform::crypto::hex;
use crate::platform::error::{AppError, Code};
use crate::platform::http::upload;
use crate::platform::kit::Kit;
use actix_web::HttpResponse;
use entity::id::AttachmentId;
use entity::kind::{AttachmentState, Visibility};

const LABEL: &str = "open311.media";

fn mark(kit: &Kit, id: AttachmentId) -> String {
    hex(&kit.vault.index(LABEL, &id.to_string()))
}

/// The link of a file.
pub(super) fn link(kit: &Kit, id: AttachmentId) -> String {
    format!(
        "{}{}/media/{id}/{}",
        kit.config.base(),
        super::PATH,
        mark(kit, id)
    )
}

/// The file of a link.
///
/// # Errors
/// `NotFound` for a link that was not given.
pub(super) async fn get(kit: &Kit, id: &str, given: &str) -> Result<HttpResponse, AppError> {
    let missing = || AppError::new(Code::NotFound);
    let id: AttachmentId = id.parse().map_err(|_| missing())?;
    // The mark is a keyed digest: that it is compared byte by byte tells nothing of the key.
    if mark(kit, id) != given {
        return Err(missing());
    }
    let row = attachments::store::find(kit.db.read(), id).await?;
    if row.visibility != Visibility::Public || row.state != AttachmentState::Bound {
        return Err(missing());
    }
    // A name may tell of people; `view::file_name` judges for whom, and nobody is known here.
    let name = row.media_type.replace('/', ".");
    let bytes = kit.blobs.get(&attachments::store::blob_key(&row)).await?;
    Ok(upload::download(&name, row.media_type, &row.sha256, bytes))
}
