import { ESLint } from 'eslint';
const e = new ESLint({ cwd: process.cwd() });
for (const [f, code] of [
  ['libs/status/src/imagined.ts', "import { Accounts } from '@heliograph/accounts';\nexport const a = Accounts;\n"],
  ['libs/accounts/src/imagined.ts', "import { RemoteActors } from '@heliograph/actors';\nexport const a = RemoteActors;\n"],
  ['libs/accounts/src/imagined.ts', "import { TOPICS } from '@heliograph/contracts';\nexport const a = TOPICS;\n"],
  ['apps/gateway/src/imagined.ts', "import { Accounts } from '@heliograph/accounts';\nexport const a = Accounts;\n"],
  ['libs/status/src/imagined.ts', "import { readFile } from 'node:fs';\nimport { readFile as r2 } from 'node:fs/promises';\nexport const a = [readFile, r2, Date.now(), Math.random()];\n"],
  ['libs/status/src/imagined.ts', "import { createHash } from 'node:crypto';\nexport const a = (now: number) => [createHash('sha256'), new Date(now)];\n"],
  ['libs/status/src/imagined.ts', "export const a = () => [new Date(), performance.now(), globalThis.crypto.randomUUID(), Date(), globalThis.process];\nimport * as c from 'child_process'; import fs from 'fs'; import { randomBytes } from 'node:crypto'; import { hostname } from 'node:os'; import { setTimeout as s } from 'node:timers/promises'; import { createTestDatabase } from '@heliograph/testkit'; export { c, fs, randomBytes, hostname, s, createTestDatabase }; export const p = () => import('@heliograph/accounts');\n"],
]) {
  const t = Date.now();
  const [r] = await e.lintText(code, { filePath: f });
  console.log(f, Date.now() - t, r.messages.map((m) => `${m.ruleId} ${m.line} ${m.message.slice(0, 150)}`));
}
