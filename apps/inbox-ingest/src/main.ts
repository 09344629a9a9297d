import 'reflect-metadata';
import { runService } from '@heliograph/engines';
import { createInboxIngest } from './app.module.ts';

await runService('inbox-ingest', createInboxIngest);
