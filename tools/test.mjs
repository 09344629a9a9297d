// `npm test`: installs and builds what is missing, and runs jest; arguments go to jest (a path narrows the run).
import { spawnSync } from 'node:child_process';
import { prepare, root } from './prepare.mjs';

const node = prepare();
const jest = ['--experimental-vm-modules', '--no-warnings', 'node_modules/jest/bin/jest.js', ...process.argv.slice(2)];
const { status } = spawnSync(node, jest, { cwd: root, stdio: 'inherit' });
process.exit(status ?? 1);
