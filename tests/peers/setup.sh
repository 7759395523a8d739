# Sourced by .ci/run: other people's readers of our files, installed below out/peers. Sets PATH and HANDLOOM_PEERS.
PEERS="$PWD/out/peers"
mkdir -p "$PEERS"
need() { command -v "$1" >/dev/null || { apt-get update -qq && apt-get install -y -qq "${@:2}"; }; }
need python3 python3 python3-venv
need npm nodejs npm
need chromium chromium
# draws by Vulkan in software where there is no graphics card, and says what Vulkan was asked wrongly
[ -f /usr/share/vulkan/explicit_layer.d/VkLayer_khronos_validation.json ] && ls /usr/share/vulkan/icd.d/*.json >/dev/null 2>&1 ||
  { apt-get update -qq && apt-get install -y -qq mesa-vulkan-drivers vulkan-validationlayers; }
if [ ! -x "$PEERS/venv/bin/python" ]; then
  python3 -m venv "$PEERS/venv" || { apt-get update -qq && apt-get install -y -qq python3-venv && python3 -m venv "$PEERS/venv"; }
fi
"$PEERS/venv/bin/pip" install --quiet --disable-pip-version-check -r tests/peers/requirements.txt
[ -d "$PEERS/node_modules/gltf-validator" ] || npm install --silent --no-audit --no-fund --prefix "$PEERS" gltf-validator
[ -d "$PEERS/node_modules/@webxr-input-profiles/assets" ] ||
  npm install --silent --no-audit --no-fund --prefix "$PEERS" @webxr-input-profiles/assets
export HANDLOOM_PEERS="$PEERS"
export PATH="$PEERS/venv/bin:$PATH"
