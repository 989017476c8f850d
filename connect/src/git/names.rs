//! Which names git takes for branches and refs.

use std::path::Path;

use engine::ports::RepoError;

use super::run::Call;

/// Whether git takes `name` for a branch, as it stands: `@{-1}` is a name for another branch, so it is none.
pub fn branch_name_ok(name: &str) -> Result<bool, RepoError> {
    if !printable(name) {
        return Ok(false);
    }
    let ended = Call::new("check-ref-format", Path::new("/")).arg("--branch").arg(name).run()?;
    Ok(ended.status.success() && ended.out.strip_suffix(b"\n") == Some(name.as_bytes()))
}

/// Whether git takes `name` for a full ref, such as `refs/nexus/snapshots/1`.
pub fn ref_name_ok(name: &str) -> Result<bool, RepoError> {
    let asked = printable(name) && name.starts_with("refs/");
    Ok(asked && Call::new("check-ref-format", Path::new("/")).arg(name).run()?.status.success())
}

/// A NUL cannot be an argument at all, and a leading dash would be read as an option.
fn printable(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('-') && !name.contains(char::is_control)
}
