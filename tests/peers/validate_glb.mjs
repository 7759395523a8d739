// Khronos' glTF validator on our files: node validate_glb.mjs FILE... with NODE_PATH naming the folder that holds gltf-validator.
// Fails on any error or warning; prints hints and information.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

const validator = createRequire(import.meta.url)('gltf-validator');
const WARNING = 1; // 0 error, 1 warning, 2 information, 3 hint
const files = process.argv.slice(2);
if (files.length === 0) {
  console.error('no file named\nhint: node validate_glb.mjs FILE...');
  process.exit(2);
}
let failed = false;
for (const file of files) {
  const { issues } = await validator.validateBytes(new Uint8Array(readFileSync(file)), { uri: file, maxIssues: 100 });
  console.log(`${file}: ${issues.numErrors} errors, ${issues.numWarnings} warnings, ${issues.numInfos} notes`);
  for (const { severity, code, pointer, message } of issues.messages) {
    console.log(`  ${severity <= WARNING ? 'FAULT' : 'note'} ${code} ${pointer}: ${message}`);
  }
  failed ||= issues.numErrors + issues.numWarnings > 0;
}
process.exit(failed ? 1 : 0);
