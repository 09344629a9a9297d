/**
 * How a service is run, here and in the Dockerfile (NODE_OPTIONS): without these two limits V8 lets garbage lie as long as the machine has
 * memory, and a service takes twice as much. Half of 512 MB is for what is alive. `--optimize-for-size`, which `npm start` has beside, would
 * double the CPU that a status takes.
 */
export const NODE_ARGS = ['--enable-source-maps', '--max-semi-space-size=4', '--max-old-space-size=256'];
