import { z } from 'zod';

/** What one process has measured. */
export const resultSchema = z.object({
  /** "CPU", or the GPU's name. */
  device: z.string(),
  parameters: z.int(),
  /** Of the median step. */
  imagesPerSecond: z.number(),
  /** From an empty process with its libraries loaded to the end of the first step: recording, compiling. */
  startSeconds: z.number(),
  memoryBytes: z.number().nullable(),
});

export type Result = z.output<typeof resultSchema>;

/** A cell of the table: a network, computed in one way. */
export interface Row {
  network: string;
  way: string;
  /** A text where it was not measured: why. */
  result: Result | string;
}

const fixed = (value: number, digits = 0) => value.toFixed(digits);

/**
 * The rows as a table in Markdown, which docs/benchmarks.md can take as it is.
 * @param yardstick the way whose images per second are 1
 */
export function table(rows: readonly Row[], yardstick: string): string {
  const of = (network: string) => {
    const result = rows.find((row) => row.network === network && row.way === yardstick)?.result;
    return typeof result === 'object' ? result.imagesPerSecond : undefined;
  };
  const lines = rows.map(({ network, way, result }) => {
    if (typeof result === 'string') return [network, way, '', '', '', '', result];
    const { parameters, imagesPerSecond, startSeconds, memoryBytes } = result;
    const best = of(network);
    return [
      network,
      way,
      `${fixed(parameters / 1e6, 2)} M`,
      fixed(imagesPerSecond, imagesPerSecond < 100 ? 1 : 0),
      best === undefined ? '' : fixed(imagesPerSecond / best, 2),
      memoryBytes === null ? '' : fixed(memoryBytes / 2 ** 20),
      `${fixed(startSeconds, 1)} s`,
    ];
  });
  const head = ['network', 'computed by', 'parameters', 'images/s', `of ${yardstick}`, 'memory, MiB', 'to first step'];
  return [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
