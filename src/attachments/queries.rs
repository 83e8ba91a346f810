//! Pictures in the database.

use diesel::prelude::*;
use sha2::{Digest, Sha256};

use super::model::{Attachment, INCIDENT_LIMIT_BYTES, PICTURE_LIMIT_BYTES, recognise};
use crate::auth::actor::Actor;
use crate::auth::audit::{self, Change};
use crate::auth::secrets::random_hex;
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{attachments, incidents};
use crate::error::Error;
use crate::incidents::model::Incident;

/// A picture as it arrives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewPicture {
    /// What the file was called.
    pub file_name: String,
    /// Its bytes.
    pub content: Vec<u8>,
}

/// Keeps a picture of an incident. The same bytes again give the one that is there.
///
/// # Errors
/// 422 about `picture` when it is none, too large, or one too many.
pub fn add(
    c: &mut Conn,
    actor: &Actor,
    incident: &Incident,
    new: &NewPicture,
    now: Moment,
) -> Result<Attachment, Error> {
    let refused = |sentence: &str| Error::field("picture", sentence);
    if new.content.is_empty() {
        return Err(refused("Choose a picture first."));
    }
    if new.content.len() > PICTURE_LIMIT_BYTES {
        return Err(refused("Make the picture smaller: at most 5 MB are kept."));
    }
    let content_type = recognise(&new.content)
        .ok_or_else(|| refused("Choose a PNG, JPEG, GIF or WebP picture; other files are better linked."))?;
    let digest = hex::encode(Sha256::digest(&new.content));
    let same = attachments::table
        .filter(attachments::incident_id.eq(incident.id))
        .filter(attachments::digest.eq(&digest))
        .select(Attachment::as_select())
        .first(c)
        .optional()?;
    if let Some(same) = same {
        return Ok(same);
    }
    let sizes: Vec<i64> =
        attachments::table.filter(attachments::incident_id.eq(incident.id)).select(attachments::byte_count).load(c)?;
    let byte_count = new.content.len() as i64;
    if sizes.iter().sum::<i64>() + byte_count > INCIDENT_LIMIT_BYTES {
        return Err(refused("This incident has 200 MB of pictures already. Link further ones."));
    }
    let file_name: String = new.file_name.chars().filter(|c| !c.is_control()).take(200).collect();
    let id: i64 = diesel::insert_into(attachments::table)
        .values((
            attachments::token.eq(random_hex(16)),
            attachments::incident_id.eq(incident.id),
            attachments::file_name.eq(&file_name),
            attachments::content_type.eq(content_type),
            attachments::byte_count.eq(byte_count),
            attachments::digest.eq(&digest),
            attachments::content.eq(&new.content),
            attachments::user_id.eq(actor.user_id),
            attachments::created_at.eq(now),
        ))
        .returning(attachments::id)
        .get_result(c)?;
    let attachment = attachments::table.find(id).select(Attachment::as_select()).first(c)?;
    let new = serde_json::json!({ "picture": attachment.token, "file": file_name, "bytes": byte_count });
    audit::record(
        c,
        actor,
        now,
        &Change { action: "attachment.add", subject: incident.key(), old: None::<()>, new: Some(new) },
    )?;
    Ok(attachment)
}

/// A picture with its bytes.
///
/// # Errors
/// 404
pub fn whole(c: &mut Conn, token: &str) -> Result<(Attachment, Vec<u8>), Error> {
    attachments::table
        .filter(attachments::token.eq(token))
        .select((Attachment::as_select(), attachments::content))
        .first(c)
        .optional()?
        .ok_or_else(|| Error::no("picture", token))
}

/// The next picture after an id, with its incident's number and its bytes: for what takes them one by one.
///
/// # Errors
/// The database's.
pub fn next(c: &mut Conn, after: i64) -> Result<Option<(Attachment, i64, Vec<u8>)>, Error> {
    Ok(attachments::table
        .inner_join(incidents::table)
        .filter(attachments::id.gt(after))
        .order(attachments::id)
        .select((Attachment::as_select(), incidents::number, attachments::content))
        .first(c)
        .optional()?)
}

/// Puts a picture of an export back under its own address; says whether it was not there yet.
///
/// # Errors
/// 422 when it is no picture, or its address is none.
pub fn bring(
    c: &mut Conn,
    incident: &Incident,
    (token, file_name): (&str, &str),
    content: &[u8],
    at: Moment,
) -> Result<bool, Error> {
    let content_type = recognise(content).ok_or_else(|| Error::field("picture", "This is no picture."))?;
    if token.len() != 32 || !token.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Error::field("token", "This is no address of a picture."));
    }
    let known: i64 = attachments::table.filter(attachments::token.eq(token)).count().get_result(c)?;
    if known > 0 {
        return Ok(false);
    }
    diesel::insert_into(attachments::table)
        .values((
            attachments::token.eq(token),
            attachments::incident_id.eq(incident.id),
            attachments::file_name.eq(file_name.chars().filter(|c| !c.is_control()).take(200).collect::<String>()),
            attachments::content_type.eq(content_type),
            attachments::byte_count.eq(content.len() as i64),
            attachments::digest.eq(hex::encode(Sha256::digest(content))),
            attachments::content.eq(content),
            attachments::created_at.eq(at),
        ))
        .execute(c)?;
    Ok(true)
}
