import { DdrError } from '../../../api/errors.ts';
import { discard, type HttpAnswer, PassingFailure } from './httpRequest.ts';

const passingStatuses = [408, 425, 429, 500, 502, 503, 504];

/** Whether a server says that there is nothing. */
export const isGone = ({ status }: HttpAnswer): boolean => status === 404 || status === 410;

/** Whether a server will not say it in this way, and may in another: there are some that know no HEAD. */
export const isUnwilling = ({ status }: HttpAnswer): boolean => status >= 400 && !passingStatuses.includes(status);

/**
 * An answer that has what was asked for.
 * @throws PassingFailure where another try may have; DdrError FileAccess, InputForeign
 */
export async function accepted(answer: HttpAnswer, where: string): Promise<HttpAnswer> {
  const { status } = answer;
  const packed = answer.header('content-encoding') ?? 'identity';
  if ((status === 200 || status === 206) && packed === 'identity') return answer;
  await discard(answer);
  if (status === 200 || status === 206)
    throw new DdrError('InputForeign', `the server packs the file with ${packed}, though it was asked not to`, {
      where,
    });
  if (passingStatuses.includes(status)) throw new PassingFailure(`status ${status}`);
  throw new DdrError('FileAccess', `the server answers with status ${status}`, {
    where,
    hint: 'Files of dataset.source.http have to be readable without credentials; those of a bucket are read with s3.',
  });
}

/** What tells two versions of a file apart: its etag, else its size and when it was last changed, where that is known. */
export const validatorOf = ({ header }: HttpAnswer, size: number): string =>
  header('etag') ?? `${size} ${header('last-modified') ?? ''}`.trim();

/** An etag by which a server can be told which version is meant: equal ones are of equal bytes. */
export const isStrong = (version: string): boolean => version.startsWith('"');

/** Bytes of the whole file; undefined where the answer does not say. That to a request for a part has them after the /. */
export function sizeOf({ status, header }: HttpAnswer): number | undefined {
  const text = status === 206 ? /\/(\d+)$/.exec(header('content-range') ?? '')?.[1] : header('content-length');
  return text === undefined ? undefined : Number(text);
}

/** The byte that an answer begins with. */
export function firstByteOf({ status, header }: HttpAnswer): number {
  return status === 206 ? Number(/^bytes (\d+)-/.exec(header('content-range') ?? '')?.[1]) : 0;
}
