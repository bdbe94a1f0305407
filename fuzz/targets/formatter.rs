#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| reflow_fuzz::texts::formatter(data));
