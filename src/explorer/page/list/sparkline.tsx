/** A unit's activation histogram in the size of a word: heights are logarithms, so that rare strong activations are seen. */

const WIDTH = 96;
const HEIGHT = 26;

export function Sparkline({ counts }: { counts: readonly number[] }) {
  if (counts.length === 0) return <span class="sparkline" />;
  const highest = Math.log1p(Math.max(1, ...counts));
  const step = WIDTH / counts.length;
  let path = `M0 ${HEIGHT}`;
  counts.forEach((count, bin) => {
    const y = HEIGHT - (Math.log1p(count) / highest) * (HEIGHT - 1);
    path += `V${y.toFixed(1)}H${((bin + 1) * step).toFixed(1)}`;
  });
  return (
    <svg class="sparkline" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      <path d={`${path}V${HEIGHT}Z`} />
    </svg>
  );
}
