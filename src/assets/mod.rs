//! What is loaded or made once and shared by all samples: rigs, textures, a user's pictures. The only cache.
//!
//! Nothing here changes what a sample looks like: a texture follows from its number, a picture from its file.
//!
//! Memory: the procedural textures take at most 1.4 MB each (112 MB for the built-in pool, made when first needed);
//! pictures and panoramas share up to [`PICTURE_BYTES`] and [`PANORAMA_BYTES`].

mod cache;
mod folder;
mod leaves;
mod noise;
mod picture;
mod rig;
pub mod settings;
mod texture;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use thiserror::Error;

pub use folder::{PictureFile, PictureKind, list_meshes, list_pictures};
pub use noise::NOISE_DEVIATIONS;
pub use picture::Panorama;
pub use rig::BUILT_IN_RIGS;
pub use texture::{Encoding, Texture};

use crate::import::{ImportError, read_object};
use crate::rig::Rig;
use crate::solid::{SolidMesh, from_triangles};
use cache::Cache;
use settings::Settings;

/// Pictures of the user's held in memory, bytes.
pub const PICTURE_BYTES: usize = 256 << 20;
/// Meshes of the user's held in memory, bytes.
pub const MESH_BYTES: usize = 256 << 20;
/// Panoramas of the user's held in memory, bytes.
pub const PANORAMA_BYTES: usize = 512 << 20;

/// Why something could not be loaded.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AssetError {
    /// No rig of this name was opened.
    #[error(
        "there is no rig `{name}`\nhint: it is a built-in name ({known}) or the path of a .glb that `handloom rig` wrote"
    )]
    UnknownRig {
        /// As asked for.
        name: String,
        /// Names of all built-in or opened rigs, separated by commas.
        known: String,
    },
    /// A rig's file is damaged or not ours.
    #[error("cannot use rig `{}`\nhint: a foreign .glb is made usable by `handloom rig import`", path.display())]
    Rig {
        /// Where.
        path: PathBuf,
        /// Why.
        source: Box<ImportError>,
    },
    /// A file or folder cannot be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// Where.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A picture cannot be read.
    #[error(transparent)]
    File(#[from] ImportError),
    /// A folder of pictures without a picture.
    #[error("no picture in folder `{}`\nhint: .jpg, .jpeg, .png, .hdr and .exr files are used", folder.display())]
    NoPictures {
        /// Where.
        folder: PathBuf,
    },
    /// Files that are not what their names say.
    #[error("folder `{}` holds files that are not pictures:\n  {}", folder.display(), faults.join("\n  "))]
    NotPictures {
        /// Where.
        folder: PathBuf,
        /// One line per file.
        faults: Vec<String>,
    },
    /// A folder of meshes without a mesh.
    #[error("no mesh in folder `{}`\nhint: .glb, .gltf and .obj files are used", folder.display())]
    NoMeshes {
        /// Where.
        folder: PathBuf,
    },
    /// Meshes that cannot be held.
    #[error("folder `{}` holds meshes that cannot be used:\n  {}", folder.display(), faults.join("\n  "))]
    NotMeshes {
        /// Where.
        folder: PathBuf,
        /// One paragraph per file.
        faults: Vec<String>,
    },
    /// The built-in settings are broken.
    #[error("cannot read `backgrounds/index.toml`")]
    Settings {
        /// Why.
        source: Box<toml::de::Error>,
    },
}

/// Everything that is loaded or made once and shared by all samples and threads.
#[derive(Debug)]
pub struct Assets {
    settings: Settings,
    rigs: Mutex<BTreeMap<String, Arc<Levels>>>,
    noise: Vec<OnceLock<Texture>>,
    leaves: Vec<OnceLock<Texture>>,
    pictures: Cache<Texture>,
    panoramas: Cache<Panorama>,
    meshes: Cache<SolidMesh>,
}

/// A rig for hands that are large in the picture and for small ones.
#[derive(Debug)]
struct Levels {
    fine: Arc<Rig>,
    coarse: OnceLock<Arc<Rig>>,
}

impl Assets {
    /// Assets with the built-in settings; nothing is made or loaded yet.
    pub fn new() -> Result<Self, AssetError> {
        Ok(Self::with_settings(Settings::built_in()?))
    }

    /// Assets with settings of one's own.
    pub fn with_settings(settings: Settings) -> Self {
        let pool = |count: u32| (0..count.max(1)).map(|_| OnceLock::new()).collect();
        Self {
            noise: pool(settings.pool.noise),
            leaves: pool(settings.pool.dead_leaves),
            rigs: Mutex::default(),
            pictures: Cache::new(PICTURE_BYTES),
            panoramas: Cache::new(PANORAMA_BYTES),
            meshes: Cache::new(MESH_BYTES),
            settings,
        }
    }

    /// Settings of the procedural backgrounds.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Open the rig of a built-in name or path, so that scenes can name it.
    pub fn open_rig(&self, name: &str) -> Result<Arc<Rig>, AssetError> {
        self.add_rig(name, rig::open(name)?);
        self.rig(name)
    }

    /// Make a rig known under a name (or path); a rig of the same name is replaced.
    pub fn add_rig(&self, name: &str, rig: Rig) {
        let levels = Levels { fine: Arc::new(rig), coarse: OnceLock::new() };
        self.rigs.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), Arc::new(levels));
    }

    /// The rig of a name.
    pub fn rig(&self, name: &str) -> Result<Arc<Rig>, AssetError> {
        Ok(Arc::clone(&self.levels(name)?.fine))
    }

    /// The rig of a name with fewer triangles ([`Rig::coarser`]).
    pub fn coarse_rig(&self, name: &str) -> Result<Arc<Rig>, AssetError> {
        let levels = self.levels(name)?;
        Ok(Arc::clone(levels.coarse.get_or_init(|| Arc::new(levels.fine.coarser()))))
    }

    fn levels(&self, name: &str) -> Result<Arc<Levels>, AssetError> {
        let rigs = self.rigs.lock().unwrap_or_else(PoisonError::into_inner);
        rigs.get(name).cloned().ok_or_else(|| AssetError::UnknownRig {
            name: name.to_owned(),
            known: rigs.keys().cloned().collect::<Vec<_>>().join(", "),
        })
    }

    /// Noise texture of a number (modulo the pool's size): values whose four channels have the amplitude spectra of
    /// `settings().noise.exponents`, 0 mean at byte 127.5 and [`NOISE_DEVIATIONS`] standard deviations at 0 and 255.
    pub fn noise(&self, number: u32) -> &Texture {
        let k = number % self.noise.len() as u32;
        self.noise[k as usize].get_or_init(|| noise::noise_texture(&self.settings.pool, &self.settings.noise, k))
    }

    /// Dead-leaves texture of a number (modulo the pool's size): linear light whose mean luminance is 1.
    pub fn dead_leaves(&self, number: u32) -> &Texture {
        let k = number % self.leaves.len() as u32;
        self.leaves[k as usize].get_or_init(|| leaves::leaves_texture(&self.settings, k, self.noise(k)))
    }

    /// A flat picture of the user's.
    pub fn picture(&self, path: &str) -> Result<Arc<Texture>, AssetError> {
        self.pictures.get(path, || {
            let texture = picture::read_flat(Path::new(path))?;
            let bytes = texture.bytes();
            Ok((texture, bytes))
        })
    }

    /// A mesh of the user's, in the file's unit.
    pub fn mesh(&self, path: &str) -> Result<Arc<SolidMesh>, AssetError> {
        self.meshes.get(path, || {
            let read = read_object(Path::new(path), true)?;
            let mesh = from_triangles(&read.positions, &read.triangles, 1.0);
            let bytes = mesh.positions_m.len() * 32 + mesh.triangles.len() * 12;
            Ok((mesh, bytes))
        })
    }

    /// An equirectangular panorama of the user's.
    pub fn panorama(&self, path: &str) -> Result<Arc<Panorama>, AssetError> {
        self.panoramas.get(path, || {
            let panorama = picture::read_panorama(Path::new(path))?;
            let bytes = panorama.bytes();
            Ok((panorama, bytes))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_beyond_the_pool_wrap_and_textures_are_shared() {
        let assets = Assets::new().unwrap();
        let pool = assets.settings().pool.noise;
        assert!(std::ptr::eq(assets.noise(1), assets.noise(pool + 1)));
        assert!(assets.noise(1).bytes() < 1_400_000);
    }

    #[test]
    fn an_unknown_rig_is_named_with_the_known_ones() {
        let error = Assets::new().unwrap().rig("giant").unwrap_err().to_string();
        assert!(error.contains("`giant`"), "{error}");
    }
}
