// `npm run bench -- NAME`: runs bench/NAME.bench.mjs; the last line it prints is JSON.
import { readdir } from 'node:fs/promises';

const names = (await readdir(import.meta.dirname)).filter((file) => file.endsWith('.bench.mjs')).map((file) => file.replace('.bench.mjs', ''));
const [name] = process.argv.slice(2);
if (!names.includes(name)) {
  console.error(`usage: npm run bench -- ${names.join('|')}`);
  process.exit(2);
}
const { default: bench } = await import(`./${name}.bench.mjs`);
const result = await bench();
console.log(JSON.stringify({ bench: name, ...result }));
process.exit(0);
