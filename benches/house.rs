//! What things cost: `cargo bench`. Nothing here passes or fails.

#![allow(missing_docs, clippy::unwrap_used)]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use kastellan::app::Names;
use kastellan::crypto::{Derived, Key, Params, Passphrase, box_open, box_seal};
use kastellan::format::{Object, RecordKind, SealedRecord, open_small, seal_small};
use std::hint::black_box;

fn argon2id(c: &mut Criterion) {
    let passphrase = Passphrase::entered(b"correct horse battery staple").unwrap();
    let mut group = c.benchmark_group("argon2id");
    group.sample_size(10);
    for params in [Params { m: 65_536, t: 3, p: 1 }, Params::SMALL, Params::FULL] {
        group.bench_function(BenchmarkId::from_parameter(format!("{} MiB t{} p{}", params.m / 1024, params.t, params.p)), |b| {
            b.iter(|| params.derive(&passphrase, &[7; 16], 1 << 22).unwrap());
        });
    }
}

fn sealing(c: &mut Criterion) {
    let key = Key::generate();
    let mut group = c.benchmark_group("box");
    for size in [64_usize, 1024] {
        let (text, ad) = (vec![7; size], vec![9; 256]);
        let sealed = box_seal(&key, "record", &text, &ad);
        group.bench_function(BenchmarkId::new("seal", size), |b| b.iter(|| box_seal(&key, "record", black_box(&text), &ad)));
        group.bench_function(BenchmarkId::new("open", size), |b| b.iter(|| box_open(&key, "record", black_box(&sealed), &ad).unwrap()));
    }
    let derived = Derived::from_master(&key);
    group.bench_function("policy key", |b| b.iter(|| derived.policy_key(black_box("app-daily"))));
}

/// What an artifact or an archive costs a byte, on one core: the binary seals segments on all of them.
fn stream(c: &mut Criterion) {
    let key = Key::generate();
    let plain = vec![7; 4 << 20];
    let sealed = seal_small(&key, b"ad", &plain);
    let mut group = c.benchmark_group("stream of 4 MiB");
    group.throughput(Throughput::Bytes(plain.len() as u64));
    group.bench_function("seal", |b| b.iter(|| seal_small(&key, b"ad", black_box(&plain))));
    group.bench_function("open", |b| b.iter(|| open_small(&key, b"ad", black_box(&sealed)).unwrap()));
}

fn records(c: &mut Criterion) {
    let metadata = Key::generate();
    let clear = Object::new()
        .with("name", "namespace-000001.daily")
        .with("keyId", "1fc0f7d89cf866d3")
        .with("createdAt", "2026-01-10T09:00:00Z")
        .with("createdBy", "ana@bastion");
    let id = "7f3a0000000000000000000000000000";
    let record = SealedRecord::seal(&metadata, id, RecordKind::Policy, "namespace-000001.daily", 1, clear.clone(), &Object::new());
    let json = clear.to_json();
    let mut group = c.benchmark_group("record");
    group.bench_function("parse", |b| b.iter(|| Object::parse(black_box(json.as_bytes())).unwrap()));
    group.bench_function("canon", |b| b.iter(|| black_box(&clear).canon(&[])));
    group.bench_function("verify", |b| b.iter(|| black_box(&record).open(&metadata, id).unwrap()));
}

/// What one key of a filter searches through.
fn names(c: &mut Criterion) {
    let all: Vec<String> = (0..100_000).map(|n| format!("team-{:03}.namespace-{n:06}.daily", n % 997)).collect();
    let names = Names::new(&all);
    let some = names.holding("space-09");
    let mut group = c.benchmark_group("100 000 names");
    group.bench_function("take over", |b| b.iter(|| Names::new(black_box(&all))));
    group.bench_function("filter all", |b| b.iter(|| names.holding(black_box("space-09"))));
    group.bench_function("filter on", |b| b.iter(|| names.narrowed(&some, black_box("space-099"))));
}

criterion_group!(benches, argon2id, sealing, stream, records, names);
criterion_main!(benches);
