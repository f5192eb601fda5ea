import { createHash } from 'node:crypto';
import { z } from 'zod';
import { contentHash } from '../../api/hash.ts';
import { type LatentsDescription, latentsSchema, storedChannels } from '../data/latents.ts';
import { npyHeader } from '../formats/npy.ts';
import { fileRecordSchema } from './records.ts';

export const latentsFile = 'latents.npy';

/** Their part of dataset.json. */
export const latentsRecordSchema = latentsSchema.extend({
  ...fileRecordSchema.shape,
  file: z.literal(latentsFile),
  /** Bytes before the first latent. */
  offset: z.int().min(0),
});
export type LatentsRecord = z.output<typeof latentsRecordSchema>;

export const latentsHeader = (count: number, { size, channels, values, type }: LatentsDescription): Uint8Array =>
  npyHeader({
    descr: type === 'float16' ? '<f2' : '<f4',
    shape: [count, size, size, storedChannels(channels, values)],
  });

/** Digest of a dataset with latents. @param pixels digest of its images, or of none @param file sha256 of the latents' file */
export const digestWithLatents = (pixels: string, description: LatentsDescription, file: string): string =>
  createHash('sha256')
    .update(`${pixels}\n${contentHash(description)}\n${file}\n`)
    .digest('hex');
