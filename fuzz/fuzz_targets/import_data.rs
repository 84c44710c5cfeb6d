#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kastellan_fuzz::import_data(bytes));
