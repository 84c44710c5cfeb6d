//! What goes through many records needs as much memory as for few: what is held at once is counted, not guessed from the process.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod harness;

use harness::house::{House, PASSPHRASE};
use harness::{seed, session};
use kastellan::crypto::Secrets;
use kastellan::domain::{DrArchive, Request, Rescan, Stop};
use kastellan::ops::{Report, Session};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The system's memory, counting what is held of it in pieces below [`LARGE`], and the most that ever was.
struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);
/// Argon2id's 64 MiB and more come in one piece; a list of records comes in as many as there are records.
const LARGE: usize = 1 << 20;

// SAFETY: every call is passed on unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.size() < LARGE {
            let held = HELD.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
            MOST.fetch_max(held, Ordering::Relaxed);
        }
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        if layout.size() < LARGE {
            HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        }
        unsafe { System.dealloc(ptr, layout) }
    }
}

#[global_allocator]
static MEMORY: Counting = Counting;

/// The passphrase of a passkey that is cheap to open.
const CHEAP: &str = "a passphrase that many share";

/// An installation with so many policies, facts of so many artifacts in a folder, and DR to another folder.
fn house(count: u32) -> House {
    let house = House::new();
    for name in ["nfs", "dr"] {
        let folder = house.home.path().join(name);
        std::fs::create_dir(&folder).unwrap();
        house.open(&["location", "add", name, "--directory", folder.to_str().unwrap()]);
    }
    let instance = house.json(&["status"])["status"]["instanceId"].as_str().unwrap().to_owned();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let opened = seed::open(&house.catalog(), "k10MasterKey", PASSPHRASE).await;
        opened.add_passkeys(1, CHEAP).await;
        opened.add_policies(count as usize, |n| format!("namespace-{n:06}.daily")).await;
        opened.plant(&house.home.path().join("nfs"), &instance, count);
    });
    let dr = house.home.secret("dr-pass", "a DR passphrase that is long enough");
    house.open(&["dr", "enable", "--location", "dr", "--new-dr-passphrase-file", &dr]);
    house
}

/// The most bytes that are held at once, beyond what was held before, while a request runs.
async fn held(session: &Session, request: Request) -> usize {
    let plan = session.plan(&request).await.unwrap();
    let begun = session.begin(&plan).await.unwrap();
    let before = HELD.load(Ordering::Relaxed);
    MOST.store(before, Ordering::Relaxed);
    begun.run(Secrets::new(), Report::nobody(), Stop::default()).await.unwrap();
    MOST.load(Ordering::Relaxed) - before
}

fn peaks(count: u32) -> [usize; 2] {
    let house = house(count);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let session = session::unlocked(&house, "key-00000", CHEAP).await;
        let rescan = held(&session, Request::Rescan(Rescan { location: "nfs".parse().unwrap() })).await;
        let archive = held(&session, Request::DrArchive(DrArchive { if_needed: false })).await;
        [rescan, archive]
    })
}

#[test]
fn a_rescan_and_a_dr_archive_hold_as_much_of_many_as_of_few() {
    let ([rescan_few, archive_few], [rescan, archive]) = (peaks(2_000), peaks(20_000));
    println!("rescan: {rescan_few} bytes for 2 000, {rescan} for 20 000; archive: {archive_few} and {archive}");
    assert!(rescan < rescan_few + 2 * LARGE, "rescan: {rescan_few} bytes for few, {rescan} for many");
    assert!(archive < archive_few + 2 * LARGE, "archive: {archive_few} bytes for few, {archive} for many");
}
