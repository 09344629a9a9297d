/** The value below which the share `p` (0–1) of the samples lies. */
export function percentile(samples, p) {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(p * sorted.length) - 1)];
}

export const round = (value, digits = 1) => Number(value.toFixed(digits));
