//! Writes and reads datasets: formats, shards, manifest.
//!
//! A [`DatasetPlan`] says what a dataset shall hold. Its samples are cut into [`Chunk`]s of consecutive samples of one
//! split, called shards on disk. Every format works shard by shard:
//!
//! 1. [`DatasetWriter::encode`] turns a sample into file contents (pure, from any thread);
//! 2. [`DatasetWriter::write_chunk`] writes the files of one shard, each under a temporary name first, then the sidecar
//!    `shards/{shard}.json` with length and BLAKE3 of every file: the mark that the shard is whole;
//! 3. [`DatasetWriter::finalize`] writes what stands for all shards together (COCO's and RHD's annotations,
//!    `manifest.json`) or lists the shards that are missing.
//!
//! A run that was killed anywhere leaves shards without sidecar or with a wrong one; the next run with
//! [`OpenMode::Resume`] makes those again. No file holds a time, a host or a thread count, so the bytes in the end depend
//! on the plan alone. Two writers of one shard are harmless: they write the same.
//!
//! ```text
//! out/name/manifest.json                        what is there (last file written)
//!          shards/plan.json                     the plan (first file written; marks the folder as a dataset)
//!          shards/train-000000.json             sidecar of a shard
//! loose    train/000042.{rgb.jpg,grey.png,depth.png,depth.exr,mask.png,instance.png,json}
//! tar      train-000000.tar, train-000000.idx   the same names (without folder) in tar files, and their offsets
//! coco     images/train/000042.jpg, {grey,depth,mask,instance}/train/000042.png, annotations/train.json
//! yolo     images/train/000042.jpg, labels/train/000042.txt, data.yaml
//! freihand training/{rgb,mask}/00000042.jpg, training_{K,xyz,scale}.json
//! rhd      RHD_published_v2/training/{color,mask,depth}/00042.png, RHD_published_v2/training/anno_training.pickle
//!          shards/train-000000.jsonl            labels of coco, yolo, freihand and rhd: one line per sample, as in loose `.json` files
//! ```

mod coco;
pub mod codec;
mod container;
pub mod crops;
pub mod decode;
mod disk;
pub mod encode;
mod erase;
mod error;
#[cfg(test)]
pub(crate) mod fixture;
pub mod freihand;
mod label_json;
mod layout;
mod lines;
mod manifest;
mod npy;
pub mod orders;
mod pickle;
mod plan;
mod reader;
pub mod rhd;
mod sample;
mod settings;
mod sidecar;
mod source;
mod tar_shard;
#[cfg(test)]
mod tests;
mod writer;
mod yolo;

pub use disk::FileDigest;
pub use error::{DatasetError, SampleError};
pub use label_json::{
    ExtraPoint, HandRecord, LABEL_VERSION, ObjectRecord, PictureKind, PixelOrigin, Provenance, SampleLabel, SampleName,
    box_around,
};
pub use manifest::{Manifest, ManifestShard, ManifestSplit};
pub use plan::{Chunk, ClipPlan, DatasetPlan, FORMAT_VERSION, SourcePlan, SplitPlan};
pub use reader::HandloomReader;
pub use sample::{EncodedSample, HeldCounts, Member, Sample, SampleFailure};
pub use settings::{DepthFormat, OutputFormat, OutputSettings, RgbFormat};
pub use sidecar::Sidecar;
pub use source::{DatasetReader, Pictures, SetFault, SetInfo, StoredSample, in_order};
pub use writer::{DatasetWriter, Finished, OpenMode, ShardOf};
