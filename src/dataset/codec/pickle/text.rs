//! Text as protocol 0 writes it.

/// Each byte is the character of that number.
pub(super) fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|b| char::from(*b)).collect()
}

/// Bytes of characters below 256; `None` if there is another.
pub(super) fn to_latin1(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect()
}

/// Bytes of a Python 2 string literal in quotes, such as `'a\x00\n'`.
pub(super) fn string_literal(line: &[u8]) -> Option<Vec<u8>> {
    let (&quote, rest) = line.trim_ascii().split_first()?;
    let (&last, inside) = rest.split_last()?;
    if last != quote || !matches!(quote, b'\'' | b'"') {
        return None;
    }
    let mut out = Vec::with_capacity(inside.len());
    let mut bytes = inside.iter().copied();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        out.push(match bytes.next()? {
            b'n' => b'\n',
            b't' => b'\t',
            b'r' => b'\r',
            b'x' => (digit(bytes.next()?)? << 4 | digit(bytes.next()?)?) as u8,
            plain @ (b'\\' | b'\'' | b'"') => plain,
            _ => return None,
        });
    }
    Some(out)
}

/// Text in Python's raw-unicode-escape: Latin-1 with `\uXXXX` and `\UXXXXXXXX`.
pub(super) fn raw_unicode(line: &[u8]) -> Option<String> {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((&byte, after)) = rest.split_first() {
        let digits = match (byte, after.first()) {
            (b'\\', Some(b'u')) => 4,
            (b'\\', Some(b'U')) => 8,
            _ => 0,
        };
        if digits == 0 {
            out.push(char::from(byte));
            rest = after;
        } else {
            let code = after.get(1..=digits)?.iter().try_fold(0, |n, d| Some(n << 4 | digit(*d)?))?;
            out.push(char::from_u32(code)?);
            rest = &after[digits + 1..];
        }
    }
    Some(out)
}

fn digit(byte: u8) -> Option<u32> {
    char::from(byte).to_digit(16)
}
