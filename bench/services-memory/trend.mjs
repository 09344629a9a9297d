const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** How much more the last third may be than the second: what it takes to warm up is in the first. */
const GROWTH = 1.05;

/**
 * What samples taken at even intervals say of growth.
 * @param {number[]} samples at least 3
 * @returns `perSample`: slope of the straight line that fits best (least squares) the last two thirds; `growth`: last third to second third; `flat`
 */
export function trendOf(samples) {
  const third = Math.floor(samples.length / 3);
  const growth = mean(samples.slice(-third)) / mean(samples.slice(-2 * third, -third));
  const warm = samples.slice(-2 * third);
  const [x, y] = [(warm.length - 1) / 2, mean(warm)];
  const covariance = mean(warm.map((value, i) => (i - x) * (value - y)));
  const variance = mean(warm.map((_, i) => (i - x) ** 2));
  return { perSample: covariance / variance, growth, flat: growth <= GROWTH };
}
