//! `handloom rig`: build, import, show.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::args::RigCommand;
use super::talk::say;
use super::{Outcome, gallery};
use crate::assets::Assets;
use crate::import::{RigMapping, RigMeta, import_foreign, to_glb};
use crate::preset::pose_names;
use crate::report::write_file;
use crate::rig::{DOFS, JOINTS, Rig};
use crate::sculpt::{self, RigSpec};

/// The description of the built-in rig; its joint limits serve foreign rigs too.
const ADULT: &str = include_str!("../../rigs/adult/rig.toml");

impl RigCommand {
    pub(super) fn run(self, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        match self {
            Self::Build { rig, out: file } => build(&rig, file)?,
            Self::Import { file, mapping, out: to } => import(&file, &mapping, &to)?,
            Self::Gallery { rig, out, cell_px } => gallery::run(&rig, &out, cell_px)?,
            Self::Show { rig } => show(&rig, out)?,
            Self::Gestures => gestures(out)?,
        }
        Ok(Outcome::Done)
    }
}

fn build(name: &str, file: Option<PathBuf>) -> anyhow::Result<()> {
    let toml = description(name);
    let text = std::fs::read_to_string(&toml).with_context(|| format!("cannot read `{}`", toml.display()))?;
    let spec = RigSpec::parse(&text).with_context(|| format!("cannot build `{}`", toml.display()))?;
    let rig = sculpt::build(&spec);
    let file = file.unwrap_or_else(|| toml.with_file_name("rig.glb"));
    write(&rig, &file, "the Handloom authors, MIT OR Apache-2.0")
}

/// `adult` is `rigs/adult/rig.toml`; a path is itself.
fn description(name: &str) -> PathBuf {
    let path = Path::new(name);
    match path.extension() {
        Some(_) => path.to_owned(),
        None if path.is_dir() => path.join("rig.toml"),
        None => Path::new("rigs").join(name).join("rig.toml"),
    }
}

fn import(file: &Path, mapping: &Path, to: &Path) -> anyhow::Result<()> {
    let place = |path: &Path| format!("cannot import `{}`", path.display());
    let text = std::fs::read_to_string(mapping).with_context(|| format!("cannot read `{}`", mapping.display()))?;
    let mapping = RigMapping::from_toml(&text).with_context(|| place(mapping))?;
    let bytes = std::fs::read(file).with_context(|| format!("cannot read `{}`", file.display()))?;
    let limits = RigSpec::parse(ADULT)?.limits();
    let rig = import_foreign(&bytes, &mapping, &limits).with_context(|| place(file))?;
    write(&rig, to, "as the imported file")
}

fn write(rig: &Rig, file: &Path, copyright: &str) -> anyhow::Result<()> {
    let generator = concat!("handloom ", env!("CARGO_PKG_VERSION")).to_owned();
    let bytes = to_glb(rig, &RigMeta { generator, copyright: copyright.to_owned() })?;
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make folder `{}`", folder.display()))?;
    }
    write_file(file, &bytes)?;
    say(&format!("`{}`: {}, {:.2} MB", file.display(), size(rig), bytes.len() as f64 / 1e6));
    Ok(())
}

fn size(rig: &Rig) -> String {
    format!(
        "{} vertices, {} triangles, {} blend shapes, {} correctives",
        rig.mesh.positions_m.len(),
        rig.mesh.triangles.len(),
        rig.shapes.len(),
        rig.correctives.len()
    )
}

fn show(name: &str, out: &mut dyn Write) -> anyhow::Result<()> {
    let rig = Assets::new()?.open_rig(name)?;
    writeln!(out, "{}: {}", rig.name, size(&rig))?;
    writeln!(out, "skin maps: {}", rig.skin.as_ref().map_or("none".to_owned(), |s| format!("{0} x {0}", s.size)))?;
    let shapes: Vec<_> = rig.shapes.iter().map(|s| s.name.as_str()).collect();
    writeln!(out, "blend shapes: {}", if shapes.is_empty() { "none".to_owned() } else { shapes.join(", ") })?;
    let correctives: Vec<_> = rig.correctives.iter().map(|c| c.name.as_str()).collect();
    writeln!(out, "correctives: {}", if correctives.is_empty() { "none".to_owned() } else { correctives.join(", ") })?;
    writeln!(
        out,
        "\n{:36}{:>10}{:>10}{:>10}   bind pose, mm (+X radial, +Y distal, +Z palmar)",
        "joint", "x", "y", "z"
    )?;
    let frames = rig.skeleton.hand_from_joint(&rig.skeleton.bind_pose);
    for joint in JOINTS {
        let p = frames[joint.index()].translation_m * 1000.0;
        writeln!(out, "{:36}{:10.1}{:10.1}{:10.1}", joint.name(), p.x, p.y, p.z)?;
    }
    writeln!(
        out,
        "\n{:24}{:>10}{:>10}{:>10}{:>10}{:>10}   degrees",
        "angle", "lowest", "usually", "usually", "highest", "bind"
    )?;
    for dof in DOFS {
        let limit = rig.limits[dof.index()];
        let columns = [
            limit.hard_rad[0],
            limit.soft_rad[0],
            limit.soft_rad[1],
            limit.hard_rad[1],
            rig.skeleton.bind_pose.get(dof),
        ];
        let columns: String = columns.iter().map(|a| format!("{:10.1}", a.to_degrees())).collect();
        writeln!(out, "{:24}{columns}", dof.name())?;
    }
    Ok(())
}

fn gestures(out: &mut dyn Write) -> anyhow::Result<()> {
    for (group, names) in pose_names() {
        writeln!(out, "{group}: {}", names.join(", "))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assets::BUILT_IN_RIGS;

    #[test]
    fn the_built_in_rig_is_what_its_description_builds() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("rig.glb");
        build("rigs/adult/rig.toml", Some(file.clone())).unwrap();
        let (_, built_in) = BUILT_IN_RIGS.iter().find(|(name, _)| *name == "adult").unwrap();
        assert!(std::fs::read(file).unwrap() == *built_in, "run `handloom rig build adult` and commit the file");
    }
}
