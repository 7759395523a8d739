//! The passes in their order, and the buffers that each of them reads and writes.

use super::super::shading::SAMPLES_PX;
use super::GpuError;
use super::device::Gpu;
use super::pack::{Batch, CASTER, PIECE_WORDS};
use super::shaders::{GROUP, source};
use super::slot::Slot;

const SCENE: &str = include_str!("wgsl/scene.wgsl");
const OCCLUSION: &str = include_str!("wgsl/occlusion.wgsl");
const SHADOW: &str = include_str!("wgsl/shadow.wgsl");
const NEAREST_WIDE: &str = include_str!("wgsl/nearest_wide.wgsl");
const NEAREST_NARROW: &str = include_str!("wgsl/nearest_narrow.wgsl");
const RASTER: &str = include_str!("wgsl/raster.wgsl");
const SURFACE: &str = include_str!("wgsl/surface.wgsl");
const LIGHT: &str = include_str!("wgsl/light.wgsl");
const DECAL: &str = include_str!("wgsl/decal.wgsl");
const SKIN: &str = include_str!("wgsl/skin.wgsl");
const SOLID: &str = include_str!("wgsl/solid.wgsl");
const MAPS: &str = include_str!("wgsl/maps.wgsl");
const FRAGMENTS: &str = include_str!("wgsl/fragments.wgsl");
const COLLECT: &str = include_str!("wgsl/collect.wgsl");
const MEASURE: &str = include_str!("wgsl/measure.wgsl");
const SHADE: &str = include_str!("wgsl/shade.wgsl");

/// What is compiled: names and files.
pub(super) const MODULES: [(&str, &[&str]); 8] = [
    ("occlusion", &[SCENE, OCCLUSION]),
    ("shadow", &[SCENE, SHADOW]),
    (WIDE, &[SCENE, RASTER, NEAREST_WIDE]),
    (NARROW, &[SCENE, RASTER, NEAREST_NARROW]),
    ("collect", &[SCENE, FRAGMENTS, COLLECT]),
    ("measure", &[MEASURE]),
    ("skin", &[SCENE, SURFACE, LIGHT, MAPS, DECAL, SKIN, FRAGMENTS, SHADE]),
    ("solid", &[SCENE, SURFACE, LIGHT, SOLID, FRAGMENTS, SHADE]),
];
const WIDE: &str = "nearest with atomics of 64 bits";
const NARROW: &str = "nearest with atomics of 32 bits";

/// Compiled passes of a device.
#[derive(Debug)]
pub(super) struct Passes(Vec<Pass>);

/// One compute pipeline.
#[derive(Debug)]
struct Pass {
    name: &'static str,
    pipeline: wgpu::ComputePipeline,
    layout: wgpu::BindGroupLayout,
    bindings: &'static [Binding],
    grid: Grid,
}

/// How many invocations a pass has.
#[derive(Debug, Clone, Copy)]
enum Grid {
    /// What a batch asks for.
    Items(fn(&Batch) -> u32),
    /// One workgroup.
    One,
    /// As [`Role::Grids`] says, from a byte on.
    Written(u64),
}

/// A buffer of a pass: its number in WGSL, what it is, and whether it is written.
type Binding = (u32, Role, bool);

/// What a buffer of a slot holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Scenes,
    Lights,
    Vertices,
    Triangles,
    Pieces,
    Used,
    Casters,
    Capsules,
    Skins,
    Finishes,
    Blocks,
    Samples,
    Shadow,
    Texels,
    Pixels,
    OfSkin,
    OfSolids,
    Grids,
}

const OCCLUDE: &[Binding] =
    &[(0, Role::Scenes, false), (2, Role::Vertices, true), (3, Role::Capsules, false), (4, Role::Used, false)];
const CAST: &[Binding] = &[
    (0, Role::Scenes, false),
    (1, Role::Lights, false),
    (2, Role::Vertices, false),
    (5, Role::Casters, false),
    (6, Role::Shadow, true),
];
const DRAW: &[Binding] = &[(4, Role::Pieces, false), (5, Role::Samples, true)];
const COLLECT_BINDINGS: &[Binding] = &[
    (0, Role::Scenes, false),
    (3, Role::Triangles, false),
    (4, Role::Blocks, false),
    (5, Role::Samples, false),
    (6, Role::Pixels, true),
    (7, Role::OfSkin, true),
    (8, Role::OfSolids, true),
];
const MEASURE_BINDINGS: &[Binding] = &[(7, Role::OfSkin, false), (8, Role::OfSolids, false), (9, Role::Grids, true)];
const SKIN_BINDINGS: &[Binding] = &[
    (0, Role::Scenes, false),
    (1, Role::Lights, false),
    (2, Role::Vertices, false),
    (3, Role::Triangles, false),
    (4, Role::Blocks, false),
    (5, Role::Samples, false),
    (6, Role::Shadow, false),
    (7, Role::Skins, false),
    (9, Role::Texels, false),
    (10, Role::Pixels, true),
    (11, Role::OfSkin, false),
];
const SOLID_BINDINGS: &[Binding] = &[
    (0, Role::Scenes, false),
    (1, Role::Lights, false),
    (2, Role::Vertices, false),
    (3, Role::Triangles, false),
    (4, Role::Blocks, false),
    (5, Role::Samples, false),
    (6, Role::Shadow, false),
    (7, Role::Finishes, false),
    (10, Role::Pixels, true),
    (11, Role::OfSolids, false),
];

impl Passes {
    /// Compiles all passes.
    pub(super) fn new(gpu: &Gpu) -> Result<Self, GpuError> {
        gpu.scoped("the shaders", || {
            let [occlusion, shadow, collect, measure, skin, solid] =
                ["occlusion", "shadow", "collect", "measure", "skin", "solid"].map(|name| module(gpu, name));
            let mut passes = vec![
                pass(gpu, &occlusion, "occlude", OCCLUDE, Grid::Items(|batch| batch.used.items(1))),
                pass(gpu, &shadow, "cast_shadows", CAST, Grid::Items(|batch| batch.casters.items(CASTER))),
            ];
            passes.extend(find(gpu));
            passes.extend([
                pass(gpu, &collect, "collect", COLLECT_BINDINGS, Grid::Items(|batch| batch.pixels() as u32)),
                pass(gpu, &measure, "measure", MEASURE_BINDINGS, Grid::One),
                pass(gpu, &skin, "shade", SKIN_BINDINGS, Grid::Written(0)),
                pass(gpu, &solid, "shade", SOLID_BINDINGS, Grid::Written(12)),
            ]);
            Self(passes)
        })
    }

    /// Writes down all passes over a batch.
    pub(super) fn encode(&self, gpu: &Gpu, encoder: &mut wgpu::CommandEncoder, batch: &Batch, slot: &Slot) {
        for pass in &self.0 {
            let entries: Vec<_> = pass.bindings.iter().map(|(binding, role, _)| slot.entry(*binding, *role)).collect();
            let descriptor =
                wgpu::BindGroupDescriptor { label: Some(pass.name), layout: &pass.layout, entries: &entries };
            let group = gpu.device.create_bind_group(&descriptor);
            let descriptor = wgpu::ComputePassDescriptor { label: Some(pass.name), timestamp_writes: None };
            let mut compute = encoder.begin_compute_pass(&descriptor);
            compute.set_pipeline(&pass.pipeline);
            compute.set_bind_group(0, &group, &[]);
            match pass.grid {
                Grid::One => compute.dispatch_workgroups(1, 1, 1),
                Grid::Written(start) => compute.dispatch_workgroups_indirect(slot.buffer(Role::Grids), start),
                Grid::Items(count) => {
                    let groups = count(batch).div_ceil(GROUP);
                    let columns = groups.clamp(1, gpu.limits.max_compute_workgroups_per_dimension);
                    compute.dispatch_workgroups(columns, groups.div_ceil(columns), 1);
                }
            }
        }
    }
}

/// What finds the nearest triangle of every sample: one pass, or two where atomics end at 32 bits.
fn find(gpu: &Gpu) -> Vec<Pass> {
    let grid = Grid::Items(|batch| batch.pieces.items(PIECE_WORDS) * SAMPLES_PX.len() as u32);
    if gpu.has_wide_atomics {
        let module = module(gpu, WIDE);
        return vec![pass(gpu, &module, "find_nearest", DRAW, grid)];
    }
    let module = module(gpu, NARROW);
    ["find_depth", "find_triangle"].map(|name| pass(gpu, &module, name, DRAW, grid)).into()
}

fn module(gpu: &Gpu, name: &'static str) -> wgpu::ShaderModule {
    let files = MODULES.iter().find(|(known, _)| *known == name).map_or::<&[&str], _>(&[], |(_, files)| files);
    let source = wgpu::ShaderSource::Wgsl(source(gpu.limits.max_compute_workgroups_per_dimension, files).into());
    gpu.device.create_shader_module(wgpu::ShaderModuleDescriptor { label: Some(name), source })
}

fn pass(gpu: &Gpu, module: &wgpu::ShaderModule, name: &'static str, bindings: &'static [Binding], grid: Grid) -> Pass {
    let entries: Vec<_> = bindings.iter().map(|binding| layout_entry(*binding)).collect();
    let descriptor = wgpu::BindGroupLayoutDescriptor { label: Some(name), entries: &entries };
    let layout = gpu.device.create_bind_group_layout(&descriptor);
    let pipeline_layout = gpu.device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: Some(name),
        bind_group_layouts: &[Some(&layout)],
        immediate_size: 0,
    });
    let pipeline = gpu.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: Some(name),
        layout: Some(&pipeline_layout),
        module,
        entry_point: Some(name),
        compilation_options: wgpu::PipelineCompilationOptions::default(),
        cache: None,
    });
    Pass { name, pipeline, layout, bindings, grid }
}

fn layout_entry((binding, _, is_written): Binding) -> wgpu::BindGroupLayoutEntry {
    wgpu::BindGroupLayoutEntry {
        binding,
        visibility: wgpu::ShaderStages::COMPUTE,
        ty: wgpu::BindingType::Buffer {
            ty: wgpu::BufferBindingType::Storage { read_only: !is_written },
            has_dynamic_offset: false,
            min_binding_size: None,
        },
        count: None,
    }
}
