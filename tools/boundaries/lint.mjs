// Takes [{ filePath, code }] as JSON on standard input, lints each text as if it were that file, and prints for each the rules it breaks.
import { text } from 'node:stream/consumers';
import { ESLint } from 'eslint';

const eslint = new ESLint({ cwd: process.cwd() });
const broken = [];
for (const { filePath, code } of JSON.parse(await text(process.stdin))) {
  const [result] = await eslint.lintText(code, { filePath });
  // A text that does not parse has a message without a rule.
  broken.push([...new Set(result.messages.map(({ ruleId, message }) => ruleId ?? message))]);
}
console.log(JSON.stringify(broken));
