// On CI, a test with real engines that fails is tried once more, and the log says so: machines there are shared, and a broker that has just
// started may be slow. A test without engines has no excuse, and no second try.
import { jest } from '@jest/globals';

const { testPath = '' } = expect.getState();
if (process.env.CI && /\.(int\.spec|e2e)\.ts$/.test(testPath)) jest.retryTimes(1, { logErrorsBeforeRetry: true });
