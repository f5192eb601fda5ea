import { DdrError } from '../api/errors.ts';
import { exportDiffusers, importDiffusers } from '../trainer/artifacts/diffusersFolder.ts';
import { copyBundle, type MovedBundle, verifyBundle } from '../trainer/artifacts/moveBundle.ts';
import type { Place, ReadPlace } from '../trainer/artifacts/place.ts';
import { counted } from './display.ts';
import { formatBytes, type Reporter } from './fetch/reporter.ts';
import { placeToWrite, type withBundle } from './places.ts';

/** Layouts of a folder: a bundle as it is, or as diffusers keeps networks. */
export const formats = ['ddr', 'diffusers'] as const;
export type Format = (typeof formats)[number];

export interface MoveOptions {
  from: string;
  to: string;
  format: Format;
  reporter: Reporter;
  /** Opens what is read. */
  read: <T>(text: string, use: Parameters<typeof withBundle<T>>[2]) => Promise<T>;
}

const sizes = ({ files, bytes }: MovedBundle) => `${counted(files, 'file')}, ${formatBytes(bytes)}`;

/** What was copied, for people and for programs. */
function tell(reporter: Reporter, to: string, moved: MovedBundle): void {
  reporter.end([`${to}: ${sizes(moved)}`, `sha256 ${moved.digest}`], { to, ...moved });
}

async function copy({ from, to, reporter, read }: MoveOptions): Promise<void> {
  await read(from, async (place, digest) => {
    let bytes = 0;
    const moved = await copyBundle(
      place,
      await placeToWrite(to),
      (more, bytesTotal) => {
        bytes += more;
        reporter.show({ what: 'bundle', bytes, bytesTotal });
      },
      digest,
    );
    tell(reporter, to, moved);
  });
}

async function convert(
  { from, to, reporter, read }: MoveOptions,
  work: (from: ReadPlace, to: Place) => Promise<number>,
  text: (models: string) => string,
): Promise<void> {
  await read(from, async (place) => {
    const models = await work(place, await placeToWrite(to));
    reporter.end([`${to}: ${text(counted(models, 'model'))}`], { to, models });
  });
}

/** Copies a bundle, verified, or writes it in diffusers' layout. @throws DdrError as {@link copyBundle} and {@link exportDiffusers} */
export const exportBundle = (options: MoveOptions): Promise<void> =>
  options.format === 'ddr'
    ? copy(options)
    : convert(
        options,
        exportDiffusers,
        (models) => `${models} in diffusers’ layout; docs/bundle.md shows how they are sampled`,
      );

/** Copies a bundle, verified, or makes one of diffusers' layout. @throws DdrError as {@link copyBundle} and {@link importDiffusers} */
export const importBundle = (options: MoveOptions): Promise<void> =>
  options.format === 'ddr' ? copy(options) : convert(options, importDiffusers, (models) => `a bundle of ${models}`);

/**
 * Reads all of a bundle and checks it.
 * @param expected sha256 that its manifest is to have, where somebody has told it
 * @throws DdrError DigestMismatch, InputMissing
 */
export async function checkBundle(
  { from, reporter, read }: Pick<MoveOptions, 'from' | 'reporter' | 'read'>,
  expected: string | undefined,
): Promise<void> {
  if (expected !== undefined && !/^[0-9a-f]{64}$/.test(expected))
    throw new DdrError('InvalidSpec', 'must be a sha256, 64 hexadecimal digits', { where: '--digest' });
  await read(from, async (place, digest) => {
    const moved = await verifyBundle(place, expected ?? digest);
    reporter.end([`${from}: whole, ${sizes(moved)}`, `sha256 ${moved.digest}`], { from, ...moved });
  });
}
