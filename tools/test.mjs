// `npm test`: installs what is missing, builds, and runs jest; arguments go to jest (a path narrows the run).
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { prepare, root, run } from './prepare.mjs';

const node = await prepare();
const args = process.argv.slice(2);
// Specs read the sources; only processes that tests start need the compiled code.
const narrow = args.length > 0 && args.every((arg) => /^libs\//.test(arg) || arg.startsWith('-'));
run(node, ['tools/build.mjs', ...(narrow ? ['libs/database', 'libs/platform'] : [])]);
const jest = path.join(root, 'node_modules/jest/bin/jest.js');
const { status } = spawnSync(node, ['--experimental-vm-modules', '--no-warnings', jest, ...args], { cwd: root, stdio: 'inherit' });
process.exit(status ?? 1);
