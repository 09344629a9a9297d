import 'reflect-metadata';
import { ConfigError } from '@heliograph/platform';
import { CommandError } from './command-error.ts';
import { program } from './program.ts';

try {
  await program().parseAsync();
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  console.error(`helio: ${error instanceof ConfigError ? `the environment is not right: ${message}` : message}`);
  process.exitCode = error instanceof CommandError ? error.exitCode : 1;
}
