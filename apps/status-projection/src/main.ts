import 'reflect-metadata';
import { runService } from '@heliograph/engines';
import { createStatusProjection } from './app.module.ts';

await runService('status-projection', createStatusProjection);
