import 'reflect-metadata';
import { runService } from '@heliograph/engines';
import { createGateway } from './app.module.ts';

await runService('gateway', createGateway);
