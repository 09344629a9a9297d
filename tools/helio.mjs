#!/usr/bin/env node
// `npx helio`: the command line of an instance, with the environment of the server.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { prepare, root } from './prepare.mjs';

const node = prepare();
const { status } = spawnSync(node, [path.join(root, 'apps/cli/dist/main.js'), ...process.argv.slice(2)], { stdio: 'inherit' });
process.exit(status ?? 1);
