//! Work that blocks, on a thread of its own.

use crate::domain::{Act, Fault, Kind, Text};

/// Runs `work` where it may wait and compute; the runtime goes on meanwhile.
pub async fn apart<T: Send + 'static>(doing: &Text, work: impl FnOnce() -> Result<T, Fault> + Send + 'static) -> Result<T, Fault> {
    match tokio::task::spawn_blocking(work).await {
        Ok(ended) => ended,
        Err(_) => Err(Fault::new(Kind::Unexpected, doing.clone(), "it ended abnormally", Act::say("kastellan doctor"))),
    }
}
