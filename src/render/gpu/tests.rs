//! What only a look inside can bring about: limits, a lost device, full memory.

use super::texels::{self, Texels};
use super::*;
use crate::assets::Assets;
use crate::backdrop;
use crate::pipeline::Studio;
use crate::preset::load;
use crate::render::cpu::CpuRenderer;
use crate::sampler::SceneSampler;
use crate::scene::Scene;

/// A renderer, unless tests on adapters are turned off.
fn renderer() -> Option<GpuRenderer> {
    if std::env::var("HANDLOOM_GPU").is_ok_and(|v| v == "off") {
        return None;
    }
    match GpuRenderer::new() {
        Ok(renderer) => Some(renderer),
        Err(error) => panic!("{error}\nhint: HANDLOOM_GPU=off leaves these tests out"),
    }
}

fn scenes(count: usize) -> (Studio, Vec<Scene>) {
    let sets = ["camera.width_px=96", "camera.height_px=96", "output.format='tar'"].map(str::to_owned);
    let preset = load("rhd", &sets).unwrap().preset;
    let assets = Assets::new().unwrap();
    let rig = assets.open_rig(&preset.rig).unwrap();
    let sampler = SceneSampler::new(preset, rig, Vec::new()).unwrap();
    let scenes = (0..sampler.count()).filter_map(|index| sampler.sample(index).ok()).take(count).collect();
    (Studio { assets, renderer: Box::new(CpuRenderer::new()) }, scenes)
}

fn draw(gpu: &GpuRenderer, studio: &Studio, scenes: &[Scene]) -> Vec<Result<Frame, RenderError>> {
    let posed: Vec<_> = scenes.iter().map(|scene| studio.pose(scene).unwrap()).collect();
    let backdrops: Vec<_> = scenes.iter().map(|scene| backdrop::resolve(scene, &studio.assets).unwrap()).collect();
    gpu.render_batch(&posed.iter().zip(&backdrops).collect::<Vec<_>>())
}

/// Bytes of the largest buffer that scenes take together.
fn largest(gpu: &GpuRenderer, studio: &Studio, scenes: &[Scene]) -> u64 {
    let mut batch = Batch::default();
    for scene in scenes {
        let (posed, backdrop) = (studio.pose(scene).unwrap(), backdrop::resolve(scene, &studio.assets).unwrap());
        let rigs: Vec<_> = posed.hands.iter().map(|hand| gpu.rigs.of(&hand.rig)).collect();
        let mut geometry = Geometry::default();
        geometry.build(&posed, &rigs);
        let rigs = rigs.iter().map(|rig| (rig.as_ref(), texels::RigTexels::default())).collect();
        let rows = 0..scene.camera.intrinsics.height;
        batch.add(&Source { posed: &posed, backdrop: &backdrop, geometry: &geometry, rigs, rows });
    }
    batch.largest_bytes()
}

/// The renderer on an adapter whose buffers hold no more than some bytes.
fn narrowed(gpu: GpuRenderer, most_bytes: u64) -> GpuRenderer {
    let mut open = Open::new(Gpu::open().unwrap()).unwrap();
    open.gpu.most_batch_bytes = most_bytes;
    GpuRenderer { open: Mutex::new(Arc::new(open)), ..gpu }
}

#[test]
fn shaders_translate_for_metal_and_dx12() {
    use naga::back::{hlsl, msl};
    for (name, files) in passes::MODULES {
        let module = naga::front::wgsl::parse_str(&shaders::source(65_535, files)).unwrap();
        let all = (naga::valid::ValidationFlags::all(), naga::valid::Capabilities::all());
        let info = naga::valid::Validator::new(all.0, all.1).validate(&module).unwrap();
        let options = msl::Options { lang_version: (2, 4), fake_missing_bindings: true, ..msl::Options::default() };
        let (text, _) = msl::write_string(&module, &info, &options, &msl::PipelineOptions::default())
            .unwrap_or_else(|e| panic!("{name} for Metal: {e}"));
        assert!(text.contains("kernel"), "{name}");
        let options =
            hlsl::Options { shader_model: hlsl::ShaderModel::V6_6, fake_missing_bindings: true, ..Default::default() };
        let mut text = String::new();
        hlsl::Writer::new(&mut text, &options, &hlsl::PipelineOptions::default())
            .write(&module, &info, None)
            .unwrap_or_else(|e| panic!("{name} for DX12: {e}"));
        assert!(text.contains("numthreads"), "{name}");
    }
}

#[test]
fn atomics_of_32_bits_find_the_same_triangles() {
    let Some(wide) = renderer() else { return };
    let (studio, scenes) = scenes(12);
    let mut gpu = Gpu::open().unwrap();
    gpu.has_wide_atomics = false;
    let narrow = GpuRenderer { open: Mutex::new(Arc::new(Open::new(gpu).unwrap())), ..renderer().unwrap() };
    for (wide, narrow) in draw(&wide, &studio, &scenes).into_iter().zip(draw(&narrow, &studio, &scenes)) {
        let (wide, narrow) = (wide.unwrap(), narrow.unwrap());
        assert!(wide.part == narrow.part && wide.instance == narrow.instance);
        let depths = wide.depth_z_m.data.iter().zip(&narrow.depth_z_m.data);
        assert!(depths.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) < 1e-6);
        let is_other = |(a, b): &(&[f32; 3], &[f32; 3])| a.iter().zip(*b).any(|(a, b)| (a - b).abs() > 1e-3);
        let others = wide.colour.data.iter().zip(&narrow.colour.data).filter(is_other).count();
        assert!(others * 1000 < wide.colour.data.len(), "colours of {others} pixels");
    }
}

#[test]
fn a_batch_beyond_the_limits_is_drawn_in_parts() {
    let Some(gpu) = renderer() else { return };
    let (studio, scenes) = scenes(4);
    let whole: Vec<_> = draw(&gpu, &studio, &scenes).into_iter().map(Result::unwrap).collect();
    let of_one = |scene: &Scene| largest(&gpu, &studio, std::slice::from_ref(scene));
    let most = scenes.iter().map(of_one).max().unwrap();
    assert!(largest(&gpu, &studio, &scenes) > most);
    let gpu = narrowed(gpu, most);
    let parts: Vec<_> = draw(&gpu, &studio, &scenes).into_iter().map(Result::unwrap).collect();
    assert!(whole == parts);
}

#[test]
fn a_picture_beyond_the_limits_is_drawn_in_bands() {
    let Some(gpu) = renderer() else { return };
    let (studio, mut scenes) = scenes(2);
    for scene in &mut scenes {
        enlarge(scene, 6);
    }
    let whole: Vec<_> = draw(&gpu, &studio, &scenes).into_iter().map(Result::unwrap).collect();
    let most = scenes.iter().map(|s| largest(&gpu, &studio, std::slice::from_ref(s))).max().unwrap();
    let gpu = narrowed(gpu, most / 5);
    let bands: Vec<_> = draw(&gpu, &studio, &scenes).into_iter().map(Result::unwrap).collect();
    assert!(whole == bands);
}

/// The same view with more pixels.
fn enlarge(scene: &mut Scene, factor: u32) {
    let k = &mut scene.camera.intrinsics;
    (k.width, k.height) = (k.width * factor, k.height * factor);
    for value in [&mut k.fx, &mut k.fy, &mut k.cx, &mut k.cy] {
        *value *= factor as f32;
    }
}

#[test]
fn a_picture_that_no_band_makes_small_is_an_error_of_its_own() {
    let Some(gpu) = renderer() else { return };
    let (studio, scenes) = scenes(5);
    let vertices = |scene: &Scene| {
        let mut flat = scene.clone();
        flat.camera.intrinsics.height = 1;
        largest(&gpu, &studio, &[flat])
    };
    let sizes: Vec<u64> = scenes.iter().map(vertices).collect();
    let most = sizes.iter().max().unwrap() - 1;
    let gpu = narrowed(gpu, most);
    for (size, drawn) in sizes.iter().zip(draw(&gpu, &studio, &scenes)) {
        match drawn {
            Ok(_) => assert!(*size <= most),
            Err(RenderError::Gpu(error @ GpuError::TooLarge { .. })) => {
                assert!(error.is_of_one_picture() && *size > most, "{error}");
            }
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn grids_of_several_rows_draw_the_same() {
    let Some(gpu) = renderer() else { return };
    let (studio, scenes) = scenes(4);
    let whole: Vec<_> = draw(&gpu, &studio, &scenes).into_iter().map(Result::unwrap).collect();
    let mut device = Gpu::open().unwrap();
    device.limits.max_compute_workgroups_per_dimension = 3;
    let gpu = GpuRenderer { open: Mutex::new(Arc::new(Open::new(device).unwrap())), ..gpu };
    let folded: Vec<_> = draw(&gpu, &studio, &scenes).into_iter().map(Result::unwrap).collect();
    assert!(whole == folded);
}

#[test]
fn a_lost_device_is_opened_anew() {
    let Some(gpu) = renderer() else { return };
    let (studio, scenes) = scenes(2);
    let before: Vec<_> = draw(&gpu, &studio, &scenes).into_iter().map(Result::unwrap).collect();
    let open = Arc::clone(&lock(&gpu.open));
    open.gpu.device.destroy();
    let after: Vec<_> = draw(&gpu, &studio, &scenes).into_iter().map(Result::unwrap).collect();
    assert!(before == after);
    assert!(!Arc::ptr_eq(&open, &lock(&gpu.open)), "it must be another device");
}

#[test]
fn rigs_take_turns_on_the_device() {
    let Some(gpu) = renderer() else { return };
    let mut open = Open::new(Gpu::open().unwrap()).unwrap();
    let rig = Assets::new().unwrap().open_rig("adult").unwrap();
    // the same hand, as three rigs of which two fit
    let rigs: Vec<_> = (0..3).map(|_| Arc::new(PreparedRig::new(&rig))).collect();
    let held = |count: usize| Texels::new(&open.gpu, &rigs[..count], &[]).unwrap().buffer.size();
    let (two, three) = (held(2), held(3));
    open.gpu.most_bytes = two;
    for rig in rigs.iter().chain(&rigs) {
        let texels = open.texels(std::iter::once(rig)).unwrap();
        assert!(texels.of(rig).is_some_and(|t| t.levels > 1 && t.first > 0));
        assert!(texels.rigs().count() <= 2);
    }
    assert_eq!(open.texels(rigs[..2].iter()).unwrap().rigs().count(), 2);
    let refused = open.texels(rigs.iter()).unwrap_err();
    assert_eq!(refused, GpuError::TooLarge { bytes: three, most: two });
    drop(gpu);
}
