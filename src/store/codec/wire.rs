//! The wire format of protobuf, as much of it as the fileset stream needs.

use base::{Error, Kind};

/// The value of one field as it stands on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    Varint(u64),
    Bytes(&'a [u8]),
    /// A fixed-size number; no message of ours has one, so its value is of no interest.
    Fixed,
}

/// Reads the fields of one message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(super) fn new(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    /// The next field's number and value, `None` at the end of the message.
    pub(super) fn next(&mut self) -> Result<Option<(u64, Value<'a>)>, Error> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let tag = varint(&mut self.rest)?;
        let value = match tag & 7 {
            0 => Value::Varint(varint(&mut self.rest)?),
            1 => take(&mut self.rest, 8).map(|_| Value::Fixed)?,
            2 => {
                let length = varint(&mut self.rest)?;
                Value::Bytes(take(&mut self.rest, length)?)
            }
            5 => take(&mut self.rest, 4).map(|_| Value::Fixed)?,
            other => return Err(invalid(format!("a field has the unknown wire type {other}"))),
        };
        match tag >> 3 {
            0 => Err(invalid("a field has the number 0")),
            number => Ok(Some((number, value))),
        }
    }
}

impl<'a> Value<'a> {
    pub(super) fn bytes(self) -> Result<&'a [u8], Error> {
        match self {
            Value::Bytes(bytes) => Ok(bytes),
            _ => Err(invalid("a number stands where a text or message should be")),
        }
    }

    pub(super) fn text(self) -> Result<&'a str, Error> {
        std::str::from_utf8(self.bytes()?).map_err(|_| invalid("a text is not UTF-8"))
    }

    pub(super) fn int64(self) -> Result<i64, Error> {
        match self {
            Value::Varint(number) => Ok(number.cast_signed()),
            _ => Err(invalid("a text or message stands where a number should be")),
        }
    }

    /// As protobuf wants it, the upper half of a longer number is cut off.
    pub(super) fn int32(self) -> Result<i32, Error> {
        self.int64().map(|number| number as i32)
    }

    /// Appends the numbers of a repeated field, which stand alone or packed.
    pub(super) fn int32s(self, out: &mut Vec<i32>) -> Result<(), Error> {
        match self {
            Value::Bytes(mut packed) => {
                while !packed.is_empty() {
                    out.push(varint(&mut packed)? as i32);
                }
            }
            single => out.push(single.int32()?),
        }
        Ok(())
    }
}

/// Cuts `length` bytes off the front of `input`.
pub(super) fn take<'a>(input: &mut &'a [u8], length: u64) -> Result<&'a [u8], Error> {
    let split = usize::try_from(length).ok().and_then(|length| input.split_at_checked(length));
    let (head, tail) =
        split.ok_or_else(|| invalid(format!("{length} bytes are announced, {} are left", input.len())))?;
    *input = tail;
    Ok(head)
}

fn varint(input: &mut &[u8]) -> Result<u64, Error> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let byte = take(input, 1)?[0];
        if shift == 63 && byte > 1 {
            break;
        }
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(invalid("a number is longer than 64 bits"))
}

pub(super) fn put_varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Writes an integer field; zero is the default and is left out.
pub(super) fn put_int(out: &mut Vec<u8>, field: u8, number: i64) {
    if number != 0 {
        out.push(field << 3);
        put_varint(out, number.cast_unsigned());
    }
}

/// Writes a text field; the empty text is the default and is left out.
pub(super) fn put_text(out: &mut Vec<u8>, field: u8, text: &str) {
    if !text.is_empty() {
        put_message(out, field, text.as_bytes());
    }
}

/// Writes a message field, even if the message is empty.
pub(super) fn put_message(out: &mut Vec<u8>, field: u8, message: &[u8]) {
    out.push(field << 3 | 2);
    put_varint(out, message.len() as u64);
    out.extend_from_slice(message);
}

pub(super) fn invalid(message: impl Into<String>) -> Error {
    Error::new(Kind::Invalid, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varints_round_trip_at_their_edges() {
        for number in [0, 1, 0x7f, 0x80, 0x3fff, 0x4000, u64::from(u32::MAX), u64::MAX - 1, u64::MAX] {
            let mut bytes = Vec::new();
            put_varint(&mut bytes, number);
            let mut input = bytes.as_slice();
            assert_eq!(varint(&mut input), Ok(number));
            assert!(input.is_empty());
        }
    }

    #[test]
    fn overlong_and_truncated_varints_are_invalid() {
        for bytes in [&[0xff; 10][..], &[0x80; 11], &[0x80, 0x80], &[]] {
            let mut input = bytes;
            assert_eq!(varint(&mut input).map_err(|error| error.kind()), Err(Kind::Invalid));
        }
    }

    #[test]
    fn a_length_beyond_the_message_is_invalid() {
        let mut fields = Fields::new(&[0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]);
        assert_eq!(fields.next().map_err(|error| error.kind()), Err(Kind::Invalid));
    }

    #[test]
    fn packed_and_single_numbers_read_alike() {
        let mut numbers = Vec::new();
        assert_eq!(Value::Bytes(&[1, 0x80, 1]).int32s(&mut numbers), Ok(()));
        assert_eq!(Value::Varint(3).int32s(&mut numbers), Ok(()));
        assert_eq!(numbers, [1, 128, 3]);
    }
}
