import 'reflect-metadata';
import { runService } from '@heliograph/engines';
import { createDelivery } from './app.module.ts';

await runService('delivery', createDelivery);
