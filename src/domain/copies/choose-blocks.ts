/** Besides the first and the last one, so many blocks of a file are looked at. */
const furtherBlocks = 3;

/**
 * Which of `count` blocks are read back where only a sample is: the first, the last, and a few between them, as `random`
 * (from 0 up to, not including, 1) says. In order, none twice.
 */
export function chooseBlocks(count: number, random: () => number): readonly number[] {
  if (count === 0) return [];
  const between = Math.max(0, count - 2);
  const further = Array.from({ length: Math.min(furtherBlocks, between) }, () =>
    between === 0 ? 0 : 1 + Math.floor(random() * between),
  );
  return [...new Set([0, ...further, count - 1])].sort((a, b) => a - b);
}
