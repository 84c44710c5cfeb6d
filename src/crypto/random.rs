//! Randomness: only from the operating system.

/// Fills `out` from the operating system's generator. Aborts the process if the system refuses: nothing may go on with weak bytes.
pub fn fill(out: &mut [u8]) {
    if getrandom::fill(out).is_err() {
        std::process::abort();
    }
}
