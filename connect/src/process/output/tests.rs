use super::Tape;

use std::fs::{self, File};

fn kept(pieces: &[&[u8]], bytes_max: u64) -> (Vec<u8>, u64) {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let path = folder.path().join("output");
    let mut tape = Tape::new(File::create(&path).expect("the folder is ours"), bytes_max);
    for piece in pieces {
        tape.take(piece);
    }
    let (_, total) = tape.finish();
    (fs::read(&path).expect("it was written"), total)
}

#[test]
fn output_within_the_limit_is_kept_as_it_is() {
    assert_eq!(kept(&[b"abc", b"", b"def"], 6), (b"abcdef".to_vec(), 6));
}

#[test]
fn output_beyond_the_limit_keeps_its_first_and_its_last_half() {
    let expected = "ab\n… 3 bytes left out …\nfgh".as_bytes().to_vec();
    assert_eq!(kept(&[b"abcdefgh"], 5), (expected.clone(), 8));
    let bytes: Vec<&[u8]> = b"abcdefgh".chunks(1).collect();
    assert_eq!(kept(&bytes, 5), (expected, 8));
}

#[test]
fn a_limit_of_nothing_keeps_only_the_count() {
    assert_eq!(kept(&[b"abc"], 0), ("\n… 3 bytes left out …\n".as_bytes().to_vec(), 3));
}

#[test]
fn a_full_disk_loses_no_byte_of_the_digest() {
    let full = File::options().write(true).open("/dev/full").expect("linux has a full disk to try with");
    let mut tape = Tape::new(full, 10);
    tape.take(b"abc");
    let (digest, total) = tape.finish();
    assert_eq!(total, 3);
    assert_eq!(digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
