//! Writing `.mat` files: plain elements, low byte first.

use std::io::{self, Write};

use super::{class, data};

/// Text of the header; no time, so that the same values make the same file.
const HEADER: &str = "MATLAB 5.0 MAT-file, written by Handloom";

/// A variable to be written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Variable<'a> {
    /// An array of class `double`. The first index runs fastest.
    Doubles {
        /// Length along each axis, at least two.
        shape: &'a [usize],
        /// As many as the shape holds.
        values: &'a [f32],
    },
    /// A cell array of one row of texts.
    Texts(&'a [&'a str]),
}

/// Writes a whole file. An array whose shape does not fit its values, or that is longer than 4 GiB, is an error of kind
/// `InvalidInput`.
pub fn write(out: &mut impl Write, variables: &[(&str, Variable<'_>)]) -> io::Result<()> {
    let mut header = [b' '; 124];
    header[..HEADER.len()].copy_from_slice(HEADER.as_bytes());
    header[116..].fill(0);
    out.write_all(&header)?;
    out.write_all(&[0, 1, b'I', b'M'])?;
    for (name, variable) in variables {
        match variable {
            Variable::Doubles { shape, values } => doubles(out, name, shape, values)?,
            Variable::Texts(texts) => {
                let cells: Vec<u8> = texts.iter().flat_map(|text| char_matrix(text)).collect();
                let mut content = matrix_head(class::CELL, &[1, texts.len()], name);
                content.extend(cells);
                out.write_all(&tagged(data::MATRIX, &content))?;
            }
        }
    }
    Ok(())
}

fn doubles(out: &mut impl Write, name: &str, shape: &[usize], values: &[f32]) -> io::Result<()> {
    let bytes = values.len() * 8;
    let head = matrix_head(class::DOUBLE, shape, name);
    let total = u32::try_from(head.len() + 8 + bytes);
    let total = total.ok().filter(|_| shape.len() >= 2 && shape.iter().product::<usize>() == values.len());
    let Some(total) = total else {
        let fault = format!("{name}: {} values cannot be an array of {shape:?} in a .mat file", values.len());
        return Err(io::Error::new(io::ErrorKind::InvalidInput, fault));
    };
    out.write_all(&tag(data::MATRIX, total))?;
    out.write_all(&head)?;
    out.write_all(&tag(data::DOUBLE, bytes as u32))?;
    for block in values.chunks(4096) {
        let block: Vec<u8> = block.iter().flat_map(|v| f64::from(*v).to_le_bytes()).collect();
        out.write_all(&block)?;
    }
    Ok(())
}

/// A row of characters without a name.
fn char_matrix(text: &str) -> Vec<u8> {
    let mut content = matrix_head(class::CHAR, &[1, text.chars().count()], "");
    content.extend(tagged(data::UTF8, text.as_bytes()));
    tagged(data::MATRIX, &content)
}

/// Flags, dimensions and name.
fn matrix_head(class: u8, shape: &[usize], name: &str) -> Vec<u8> {
    let flags = [class, 0, 0, 0, 0, 0, 0, 0];
    let shape: Vec<u8> = shape.iter().flat_map(|n| (*n as u32).to_le_bytes()).collect();
    [tagged(data::UINT32, &flags), tagged(data::INT32, &shape), tagged(data::INT8, name.as_bytes())].concat()
}

fn tag(kind: u32, length: u32) -> [u8; 8] {
    let (kind, length) = (kind.to_le_bytes(), length.to_le_bytes());
    [kind[0], kind[1], kind[2], kind[3], length[0], length[1], length[2], length[3]]
}

/// An element: up to four bytes stand in the tag, longer contents are padded.
fn tagged(kind: u32, content: &[u8]) -> Vec<u8> {
    let small = kind != data::MATRIX && (1..=4).contains(&content.len());
    let mut out = if small {
        (kind | (content.len() as u32) << 16).to_le_bytes().to_vec()
    } else {
        tag(kind, content.len() as u32).to_vec()
    };
    out.extend(content);
    out.resize(out.len().next_multiple_of(8), 0);
    out
}
