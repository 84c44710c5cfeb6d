//! The one file with `unsafe`: the wiping allocator, pages for keys, Argon2's matrix, and what the process asks of the system.
//!
//! Keys live in slots of pages of their own, never beside other data: a page is locked once, when it is made, and stays locked until
//! the process ends, so that freeing one key cannot unlock its neighbour's page. Next: `key` hands slots out, `argon` uses the matrix.

use argon2::Block;
use rustix::mm::{Advice, MapFlags, ProtFlags};
use std::alloc::{GlobalAlloc, Layout, System};
use std::ffi::c_void;
use std::ptr::NonNull;
use std::sync::{Mutex, PoisonError};
use zeroize::Zeroize;
use zeroizing_alloc::ZeroAlloc;

/// Clears memory as it is freed; `realloc` is allocate, copy, wipe, free.
pub struct WipingAllocator;

static WIPING: ZeroAlloc<System> = ZeroAlloc(System);

// SAFETY: every call is passed on unchanged to an allocator that keeps the contract. `realloc` is left to the trait, which allocates,
// copies and calls `dealloc`: a block that the system moved by itself would leave its old bytes behind.
unsafe impl GlobalAlloc for WipingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's contract is this call's.
        unsafe { WIPING.alloc(layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        unsafe { WIPING.alloc_zeroed(layout) }
    }
    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        // SAFETY: as above; the block is still ours while it is wiped.
        unsafe { WIPING.dealloc(ptr, layout) }
    }
}

/// What the system allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MemoryReport {
    /// Core dumps are off (`RLIMIT_CORE` 0 and not dumpable, so no ptrace by the same user either).
    pub no_core: bool,
    /// Memory can be locked (a probe page could be).
    pub can_lock: bool,
}

/// Turns core dumps and ptrace off for this process, and probes memory locking. Called first thing by the binary.
#[must_use]
pub fn guard_process() -> MemoryReport {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let no_core = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) }).is_ok();
    #[cfg(target_os = "linux")]
    let no_core = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable).is_ok() && no_core;
    MemoryReport { no_core, can_lock: Page::new().is_some_and(|page| page.locked) }
}

/// Bytes of stack that are overwritten. Unoptimised, an AEAD leaves round keys more than 16 KiB down (`tests/secrets.rs` sees them).
const SCRUBBED: usize = 64 * 1024;

/// Overwrites 64 KiB of the calling thread's stack below the caller: where finished computations had their temporaries.
pub fn scrub_stack() {
    zeroize::zeroize_stack::<SCRUBBED>();
}

/// Runs `f` in a frame of its own, then overwrites the stack that it used. For computations of a few frames on key material.
pub fn scrubbed<T>(f: impl FnOnce() -> T) -> T {
    #[inline(never)]
    fn apart<T>(f: impl FnOnce() -> T) -> T {
        f()
    }
    let out = apart(f);
    zeroize::zeroize_stack::<SCRUBBED>();
    out
}

/// Bytes in a page of slots. A multiple of every page size in use, up to 16 KiB.
const PAGE: usize = 16 * 1024;
/// Bytes in a slot.
const SLOT: usize = 32;

/// Pages of slots, and the free slots. Pages are never given back: there are as many as keys were alive at one time, at 512 a page.
struct Arena {
    free: Vec<Free>,
}

/// A free slot.
struct Free(NonNull<[u8; SLOT]>);
// SAFETY: a slot is plain memory that no thread owns.
unsafe impl Send for Free {}

static ARENA: Mutex<Arena> = Mutex::new(Arena { free: Vec::new() });

/// 32 bytes in locked memory where allowed, all zero when taken, wiped when dropped.
pub(super) struct Slot(NonNull<[u8; SLOT]>);
// SAFETY: a slot is exclusively owned plain memory; shared access only reads.
unsafe impl Send for Slot {}
// SAFETY: as above.
unsafe impl Sync for Slot {}

impl Slot {
    /// Takes a slot. Memory exhaustion ends the process, as it does for every allocation.
    pub(super) fn take() -> Self {
        let mut arena = ARENA.lock().unwrap_or_else(PoisonError::into_inner);
        if arena.free.is_empty() {
            let Some(page) = Page::new() else { std::alloc::handle_alloc_error(Layout::new::<[u8; PAGE]>()) };
            let first = page.keep();
            // SAFETY: the page is PAGE bytes, so each of the PAGE / SLOT slots lies inside it.
            arena.free.extend((0..PAGE / SLOT).rev().map(|i| Free(unsafe { first.cast::<[u8; SLOT]>().add(i) })));
        }
        match arena.free.pop() {
            Some(Free(slot)) => Self(slot),
            None => std::alloc::handle_alloc_error(Layout::new::<[u8; SLOT]>()),
        }
    }

    /// The bytes.
    pub(super) fn bytes(&self) -> &[u8; SLOT] {
        // SAFETY: the slot is initialised (zero pages), valid for the process's life, and owned by self.
        unsafe { self.0.as_ref() }
    }

    /// The bytes, to fill.
    pub(super) fn bytes_mut(&mut self) -> &mut [u8; SLOT] {
        // SAFETY: as above, and exclusively borrowed.
        unsafe { self.0.as_mut() }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.bytes_mut().zeroize();
        ARENA.lock().unwrap_or_else(PoisonError::into_inner).free.push(Free(self.0));
    }
}

/// Mapped zero bytes of its own, kept out of core dumps; unmapped on drop unless kept.
struct Page {
    at: NonNull<c_void>,
    locked: bool,
}

impl Page {
    fn new() -> Option<Self> {
        let at = map(PAGE)?;
        // SAFETY: the range was just mapped.
        let locked = unsafe { rustix::mm::mlock(at.as_ptr(), PAGE) }.is_ok();
        Some(Self { at, locked })
    }

    /// Keeps it for the process's life.
    fn keep(self) -> NonNull<c_void> {
        let at = self.at;
        std::mem::forget(self);
        at
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        // SAFETY: mapped in `new`, with nothing pointing into it.
        let _ = unsafe { rustix::mm::munmap(self.at.as_ptr(), PAGE) };
    }
}

/// Argon2's memory: mapped, kept out of core dumps, wiped and given back on drop.
pub(super) struct Matrix {
    at: NonNull<c_void>,
    blocks: usize,
}

impl Matrix {
    /// `blocks` KiB of zeros; None where the system refuses.
    pub(super) fn new(blocks: usize) -> Option<Self> {
        let len = blocks.checked_mul(Block::SIZE)?;
        let at = map(len)?;
        #[cfg(target_os = "linux")]
        // Large pages save the many faults of a first touch; where the system has none, nothing is lost.
        // SAFETY: the range was just mapped.
        let _ = unsafe { rustix::mm::madvise(at.as_ptr(), len, Advice::LinuxHugepage) };
        Some(Self { at, blocks })
    }

    /// The blocks.
    pub(super) fn blocks(&mut self) -> &mut [Block] {
        // SAFETY: mapped, zeroed (a valid Block), aligned to a page, exclusively borrowed.
        unsafe { std::slice::from_raw_parts_mut(self.at.as_ptr().cast::<Block>(), self.blocks) }
    }
}

impl Drop for Matrix {
    fn drop(&mut self) {
        self.blocks().iter_mut().for_each(Zeroize::zeroize);
        // SAFETY: mapped in `new` with this length; no borrow outlives self.
        let _ = unsafe { rustix::mm::munmap(self.at.as_ptr(), self.blocks * Block::SIZE) };
    }
}

/// Maps `len` private zero bytes, kept out of core dumps where the system can.
fn map(len: usize) -> Option<NonNull<c_void>> {
    // SAFETY: a new anonymous mapping at an address that the system chooses touches nothing that exists.
    let at = unsafe { rustix::mm::mmap_anonymous(std::ptr::null_mut(), len, ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE) };
    let at = NonNull::new(at.ok()?)?;
    #[cfg(target_os = "linux")]
    // SAFETY: the range was just mapped.
    let _ = unsafe { rustix::mm::madvise(at.as_ptr(), len, Advice::LinuxDontDump) };
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_zero_when_taken_and_wiped_when_dropped() {
        let mut first = Slot::take();
        assert_eq!(first.bytes(), &[0; 32]);
        first.bytes_mut().fill(0x5a);
        let at = first.0;
        drop(first);
        let others: Vec<Slot> = (0..2000).map(|_| Slot::take()).collect();
        assert!(others.iter().all(|slot| slot.bytes() == &[0; 32]));
        let mut places: Vec<_> = others.iter().map(|slot| slot.0.as_ptr() as usize).collect();
        places.sort_unstable();
        assert!(places.windows(2).all(|pair| pair[1] - pair[0] >= SLOT), "slots overlap");
        // SAFETY: pages are never unmapped, and slots hold plain bytes.
        assert!(unsafe { at.as_ptr().read_volatile() } != [0x5a; 32]);
    }

    #[test]
    fn keys_stay_intact_while_others_come_and_go_on_threads() {
        let threads: Vec<_> = (0..4u8)
            .map(|n| {
                std::thread::spawn(move || {
                    for round in 0..500 {
                        let mut slots: Vec<Slot> = (0..8).map(|_| Slot::take()).collect();
                        for slot in &mut slots {
                            slot.bytes_mut().fill(n + 1);
                        }
                        assert!(slots.iter().all(|slot| slot.bytes() == &[n + 1; 32]), "round {round}");
                    }
                })
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
    }

    #[test]
    fn impossible_matrix_is_refused_not_fatal() {
        assert!(Matrix::new(usize::MAX / 2).is_none());
        assert!(Matrix::new(1 << 42).is_none());
        assert_eq!(Matrix::new(8).unwrap().blocks().len(), 8);
    }

    #[test]
    fn wiping_allocator_clears_what_it_frees() {
        let layout = Layout::from_size_align(4096 * 8, 8).unwrap();
        // SAFETY: allocated and freed with one layout. The read after the free is of memory that the C heap keeps mapped (below its
        // mmap threshold), past the first words, where it puts its own links; it is what a memory scan would see.
        let after = unsafe {
            let guard = WipingAllocator.alloc(layout);
            let block = WipingAllocator.alloc(layout);
            let fence = WipingAllocator.alloc(layout);
            block.write_bytes(0xa5, layout.size());
            WipingAllocator.dealloc(block, layout);
            let after = std::ptr::read_volatile(std::hint::black_box(block.add(1024).cast::<[u8; 64]>()));
            WipingAllocator.dealloc(fence, layout);
            WipingAllocator.dealloc(guard, layout);
            after
        };
        assert!(!after.contains(&0xa5));
    }
}
