//! Everything that some ref still gives back.

use engine::ports::RepoError;

use super::Git;

/// How many objects are read in one call.
const BATCH: usize = 500;

impl Git {
    /// Shows the content of every file that some commit under some ref has, each once, in no order.
    pub fn each_reachable_blob(&self, see: &mut dyn FnMut(&[u8])) -> Result<(), RepoError> {
        let listed = self.call("rev-list").args(["--objects", "--no-object-names", "--all"]).ok()?;
        let names: Vec<&[u8]> = listed.split(|byte| *byte == b'\n').filter(|name| !name.is_empty()).collect();
        for batch in names.chunks(BATCH) {
            let mut asked = batch.join(&b'\n');
            asked.push(b'\n');
            let said = self.call("cat-file").arg("--batch").stdin(asked).stdout_max(u64::MAX).ok()?;
            each_blob(&said, see);
        }
        Ok(())
    }
}

/// Goes through the answer of `cat-file --batch`: a line `NAME KIND BYTES`, the content, a newline.
fn each_blob(mut said: &[u8], see: &mut dyn FnMut(&[u8])) {
    while let Some(end) = said.iter().position(|byte| *byte == b'\n') {
        let head = String::from_utf8_lossy(&said[..end]).into_owned();
        let mut parts = head.split(' ').skip(1);
        let (kind, bytes) = (parts.next(), parts.next().and_then(|n| n.parse::<usize>().ok()));
        said = &said[end + 1..];
        let Some(bytes) = bytes else { continue };
        if kind == Some("blob") {
            see(&said[..bytes]);
        }
        said = &said[(bytes + 1).min(said.len())..];
    }
}
