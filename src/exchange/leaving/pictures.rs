//! Pictures on their way out: a file each, and a list of them.

use std::fs;
use std::path::Path;

use super::broken;
use crate::attachments::model::extension;
use crate::attachments::queries;
use crate::db::Conn;
use crate::error::Error;
use crate::exchange::wire::ExportedPicture;

/// Writes every picture into `pictures/` and gives the list.
///
/// # Errors
/// A sentence when the folder cannot be written to.
pub fn write(c: &mut Conn, folder: &Path) -> Result<Vec<ExportedPicture>, Error> {
    let place = folder.join("pictures");
    let mut all = Vec::new();
    let mut after = 0;
    while let Some((attachment, number, content)) = queries::next(c, after)? {
        if all.is_empty() {
            fs::create_dir_all(&place).map_err(|error| broken(&place, &error))?;
        }
        let name = format!("{}.{}", attachment.token, extension(&attachment.content_type));
        let path = place.join(&name);
        fs::write(&path, content).map_err(|error| broken(&path, &error))?;
        after = attachment.id;
        all.push(ExportedPicture {
            token: attachment.token,
            incident: format!("INC-{number}"),
            file: format!("pictures/{name}"),
            file_name: attachment.file_name,
            created_at: Some(attachment.created_at),
        });
    }
    Ok(all)
}
