import { DdrError } from '../../api/errors.ts';
import { pathOfSource, type Source } from '../../api/spec/source.ts';
import type { S3Credentials } from '../s3/connection.ts';
import { filesAt, type Remote } from './remote/remote.ts';
import type { Tick } from './source.ts';
import type { SourceFiles } from './sourceFiles.ts';
import { openVolumeFiles } from './volumeFiles.ts';

/** What a process has to get at a source with. It can be sent to a thread. */
export interface SourceAccess {
  /** Folder of the volume, where the source is on one. */
  volume?: string | undefined;
  /** Of the bucket's Secret, where it has one. */
  credentials?: S3Credentials | undefined;
}

/**
 * A source that is reached over a network; undefined for a volume. What reaches it is loaded where it is needed.
 * @throws DdrError InputMismatch, InputForeign, InvalidTask
 */
export async function openRemote({ s3, http }: Source, { credentials }: SourceAccess): Promise<Remote | undefined> {
  if (http !== undefined) return (await import('./remote/httpRemote.ts')).openHttpRemote(http.urls);
  if (s3 === undefined) return undefined;
  if (s3.secretName !== undefined && credentials === undefined)
    throw new DdrError('InvalidTask', `there are no credentials of Secret ${s3.secretName}`, {
      hint: 'The operator sets DDR_DATA_AWS_ACCESS_KEY_ID and DDR_DATA_AWS_SECRET_ACCESS_KEY.',
    });
  return (await import('./remote/s3Remote.ts')).openS3Remote(s3, credentials);
}

/**
 * The files of a source, below its path, wherever they are.
 * @throws DdrError InputMissing, InputUnsafe, InputMismatch, InvalidTask where there is no volume, or are no credentials
 */
export async function openSourceFiles(source: Source, access: SourceAccess, tick?: Tick): Promise<SourceFiles> {
  const path = pathOfSource(source);
  const remote = await openRemote(source, access);
  if (remote !== undefined) return filesAt(remote, path);
  const where = source.volume === undefined ? path : [source.volume.claimName, path].filter((part) => part).join('/');
  return openVolumeFiles(access.volume, path, where, tick);
}
