#!/usr/bin/env bash
# Other people's readers on our files. Needs tests/peers/setup.sh to have been sourced.
set -euo pipefail
handloom="${CARGO_TARGET_DIR:-target}/release/handloom"
data=out/peers/data
rm -rf "$data"
for format in loose tar coco rhd; do
  "$handloom" generate quickstart --count 16 --format "$format" --out "$data/$format" --set output.samples_per_shard=8
  "$handloom" check "$data/$format"
done
python tests/peers/read_webdataset.py "$data/tar"
python tests/peers/read_coco.py "$data/coco"
python tests/peers/read_rhd.py "$data/rhd"
"$handloom" generate quickstart --count 16 --format yolo --out "$data/yolo"
"$handloom" check "$data/yolo"
python tests/peers/read_yolo.py "$data/yolo"
"$handloom" generate quickstart --count 16 --format freihand --out "$data/freihand" --set hands.count=1 --set "hands.side='right'" \
  --set camera.width_px=224 --set camera.height_px=224
"$handloom" check "$data/freihand"
"$handloom" inspect "$data/freihand" --from freihand --out "$data/freihand-report"
python tests/peers/read_freihand.py "$data/freihand"
"$handloom" crop "$data/loose" "$data/crops" || [ $? -eq 1 ] # hands without surface are left out, and that is said
python tests/peers/read_crops.py "$data/crops"
# the README's blends, on rendered stand-ins for captured data
mkdir -p out
"$handloom" generate quickstart --out out/rendered --overwrite
"$handloom" generate quickstart --out out/captured --seed 7 --overwrite
"$handloom" generate quickstart --out out/occluders --seed 8 --overwrite --set occluders.share=0.6 --set objects.held=0.6
for blend in mix hand-on-background occluded; do
  "$handloom" blend "presets/blend/$blend.toml" --overwrite
  "$handloom" check "out/$blend"
done
"$handloom" rig import "$HANDLOOM_PEERS/node_modules/@webxr-input-profiles/assets/dist/profiles/generic-hand/left.glb" \
  --mapping rigs/webxr/rig.toml --out "$data/webxr.glb"
NODE_PATH="$HANDLOOM_PEERS/node_modules" node tests/peers/validate_glb.mjs rigs/adult/rig.glb "$data/webxr.glb"
"$handloom" generate quickstart --count 8 --out "$data/webxr" --set "rig='$data/webxr.glb'"
"$handloom" check "$data/webxr"
# drawn on an adapter (in software where there is no other), with Vulkan's validation layers listening
echo "khronos_validation.log_filename = $PWD/$data/vulkan.txt" > "$data/vk_layer_settings.txt"
cat tests/peers/vk_layer_settings.txt >> "$data/vk_layer_settings.txt"
VK_LAYER_SETTINGS_PATH="$PWD/$data" VK_INSTANCE_LAYERS=VK_LAYER_KHRONOS_validation VK_LOADER_DEBUG=layer \
  "$handloom" generate quickstart --count 40 --backend gpu --out "$data/gpu" 2> "$data/gpu.txt"
grep -q "Insert instance layer.*khronos_validation" "$data/gpu.txt" || { echo "the validation layers were not there"; exit 1; }
[ ! -s "$data/vulkan.txt" ] || { cat "$data/vulkan.txt"; exit 1; }
"$handloom" check "$data/gpu"
# the trainer's crop and metrics; what needs torch is left out where there is none, and says so
"$handloom" generate presets/jgr.toml --count 60 --out "$data/jgr"
"$handloom" crop "$data/jgr" "$data/jgr-crops" || [ $? -eq 1 ]
PYTHONPATH=python python -m pytest -q -rs -p no:cacheprovider python/tests
PYTHONPATH=python python python/tests/against_handloom.py "$data/jgr" "$data/jgr-crops"
# the test data under tests/data is what its scripts make
rm -rf out/peers/made
python tests/peers/make_codecs.py out/peers/made/codec
python tests/peers/check_drift.py out/peers/made/codec tests/data/codec
python tests/peers/make_sets.py out/peers/made/sets
python tests/peers/check_drift.py out/peers/made/sets tests/data/sets
python tests/peers/make_metrics.py out/peers/made/metrics
python tests/peers/check_drift.py out/peers/made/metrics tests/data/metrics
if python -c "import onnx, onnxruntime, onnxscript, torch" 2>/dev/null; then
  python tests/peers/make_models.py out/peers/made/models
  cp tests/data/models/*.toml out/peers/made/models # written by hand
  python tests/peers/check_drift.py out/peers/made/models tests/data/models
else
  echo "tests/data/models: not made again, as torch and onnx are not here"
fi
# the live view in a browser
cargo build --example view_demo
node --test tests/peers/view_blocks.test.mjs
node tests/peers/view.mjs "${CARGO_TARGET_DIR:-target}/debug/examples/view_demo" out/view
