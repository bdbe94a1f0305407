#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| reflow_fuzz::codecs::journal(data));
