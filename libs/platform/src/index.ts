export * from './config.ts';
export * from './logger.ts';
export * from './metrics.ts';
export * from './health.ts';
export * from './http/problem.ts';
export { ProblemFilter, problemOf, sendProblem } from './http/problem.filter.ts';
export { createHttpApp, type HttpAppOptions } from './http/nest-app.ts';
export { readJson } from './http/json-body.ts';
