import { DdrError } from '../../../api/errors.ts';
import type { Try } from '../../s3/retry.ts';
import { changed, type SourceFile } from '../sourceFiles.ts';
import { accepted, firstByteOf, isGone, isStrong, isUnwilling, sizeOf, validatorOf } from './httpAnswer.ts';
import { discard, type HttpAnswer, type HttpRequest, type HttpSender, PassingFailure } from './httpRequest.ts';

/** Files of web servers, and how they are asked. */
export interface HttpFiles {
  /** What messages call the place. */
  where: string;
  urlOf(name: string): string;
  sender: HttpSender;
  /** Asks until there is an answer. @throws DdrError SourceUnavailable, FileAccess */
  ask<T>(name: string, attempt: (one: Try) => Promise<T>): Promise<T>;
}

/** Some servers know no HEAD, or do not tell the size then: they are asked for a byte. */
const ways: HttpRequest[] = [{ method: 'HEAD' }, { method: 'GET', headers: { range: 'bytes=0-0' } }];

/**
 * What there is at a URL.
 * @throws DdrError InputMissing, FileAccess, SourceUnavailable; InputForeign where the server does not tell the size
 */
export const look = ({ sender, urlOf, ask }: HttpFiles, name: string): Promise<SourceFile> =>
  ask(name, async (one) => {
    const where = urlOf(name);
    for (const way of ways) {
      const answer = await sender.send(where, way, one);
      await discard(answer);
      if (isGone(answer))
        throw new DdrError('InputMissing', 'is not there', { where, hint: 'Correct dataset.source.http.urls.' });
      if (way.method === 'HEAD' && isUnwilling(answer)) continue;
      const isEmpty = answer.status === 416;
      const size = isEmpty ? 0 : sizeOf(await accepted(answer, where));
      if (size !== undefined) return { name, size, version: validatorOf(answer, size) };
    }
    throw new DdrError('InputForeign', 'the server does not say how large the file is', { where });
  });

/** Whether an answer is of the version that was listed. @throws DdrError DataChanged */
function requireSame({ where }: HttpFiles, file: SourceFile, answer: HttpAnswer): void {
  const size = sizeOf(answer) ?? file.size;
  if (size < file.size) throw changed({ where }, file, 'has become shorter');
  if (size !== file.size || validatorOf(answer, size) !== file.version)
    throw changed({ where }, file, 'is another one than was listed');
}

/**
 * Opens a file from one byte to before another.
 * @returns the answer; it begins with the whole file where its server does not give parts
 * @throws DdrError DataChanged, FileAccess, InputForeign; PassingFailure
 */
async function open(files: HttpFiles, file: SourceFile, from: number, to: number, one: Try): Promise<HttpAnswer> {
  const { sender, urlOf, where } = files;
  const headers: Record<string, string> = {
    ...((from > 0 || to < file.size) && { range: `bytes=${from}-${to - 1}` }),
    ...(isStrong(file.version) && { 'if-match': file.version }),
  };
  const answer = await sender.send(urlOf(file.name), { method: 'GET', headers }, one);
  try {
    if (isGone(answer)) throw changed({ where }, file, 'has vanished');
    if (answer.status === 412 || answer.status === 416)
      throw changed({ where }, file, 'is another one than was listed');
    await accepted(answer, urlOf(file.name));
    requireSame(files, file, answer);
    const first = firstByteOf(answer);
    if (first === from || answer.status === 200) return answer;
    throw new PassingFailure(`the answer begins at byte ${first}, not ${from}`);
  } catch (error) {
    await discard(answer);
    throw error;
  }
}

/** Bytes of a part. Of a server that gives none, all before it would have to be read. */
export async function readRange(files: HttpFiles, file: SourceFile, from: number, length: number): Promise<Uint8Array> {
  const where = files.urlOf(file.name);
  if (from + length > file.size) throw new DdrError('InputTruncated', `ends before byte ${from + length}`, { where });
  if (length === 0) return new Uint8Array(0);
  return files.ask(file.name, async (one) => {
    const answer = await open(files, file, from, from + length, one);
    if (answer.status === 200 && length < file.size) {
      await discard(answer);
      throw new DdrError('InputForeign', 'the server does not give parts of a file', {
        where,
        hint: 'Use dataset.prepare Copy with a format that is read whole, or a server that honours Range.',
      });
    }
    const pieces: Uint8Array[] = [];
    for await (const piece of answer.body) {
      one.touch();
      pieces.push(piece);
    }
    const bytes = Buffer.concat(pieces);
    if (bytes.length === length) return bytes;
    throw new PassingFailure(`the answer has ${bytes.length} of ${length} bytes`);
  });
}

/** Bytes that are collected before they are handed on. */
const pieceBytes = 2 ** 20;

/** An answer that is read on. */
interface Reading {
  body: AsyncIterator<Uint8Array>;
  end(why?: Error): void;
  /** Bytes to pass over, of a server that has begun anew. */
  skip: number;
}

async function startReading(files: HttpFiles, file: SourceFile, from: number, one: Try): Promise<Reading> {
  const answer = await open(files, file, from, file.size, one);
  const { body } = answer;
  return {
    body: body[Symbol.asyncIterator](),
    end: (why) => void body.on('error', () => {}).destroy(why),
    skip: from - firstByteOf(answer),
  };
}

/** The next bytes of an answer; fewer than a piece at its end. */
async function readPiece(reading: Reading, one: Try): Promise<Uint8Array> {
  const giveUp = () => reading.end(new PassingFailure('nothing more came'));
  one.abortSignal.addEventListener('abort', giveUp);
  try {
    const pieces: Uint8Array[] = [];
    for (let bytes = 0; bytes < pieceBytes; ) {
      const { done, value } = await reading.body.next();
      if (done) break;
      one.touch();
      const piece = value.subarray(Math.min(reading.skip, value.length));
      reading.skip -= value.length - piece.length;
      pieces.push(piece);
      bytes += piece.length;
    }
    return Buffer.concat(pieces);
  } finally {
    one.abortSignal.removeEventListener('abort', giveUp);
  }
}

/** All of a file as it comes. One that is cut off is asked for from there on, of the same version. */
export async function* streamFile(files: HttpFiles, file: SourceFile): AsyncGenerator<Uint8Array> {
  let reading: Reading | undefined;
  try {
    for (let offset = 0; offset < file.size; ) {
      const piece = await files.ask(file.name, async (one) => {
        try {
          reading ??= await startReading(files, file, offset, one);
          const bytes = await readPiece(reading, one);
          if (bytes.length > 0) return bytes;
          throw new PassingFailure(`ends after ${offset} of ${file.size} bytes`);
        } catch (error) {
          reading?.end();
          reading = undefined;
          throw error;
        }
      });
      offset += piece.length;
      yield piece;
    }
  } finally {
    reading?.end();
  }
}
