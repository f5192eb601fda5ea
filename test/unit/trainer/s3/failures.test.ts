import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DdrError } from '../../../../src/api/errors.ts';
import { ExitCode } from '../../../../src/api/exitCodes.ts';
import { BrokenAnswer, failureOf, verdictOf } from '../../../../src/trainer/s3/failures.ts';

/** As the SDK gives what a server says, and what the network does. */
const said = (name: string, status: number) =>
  Object.assign(new Error(name), { name, $metadata: { httpStatusCode: status } });
const network = (code: string) => Object.assign(new Error(code), { code, $metadata: {} });

test('what an error means', () => {
  const verdicts: Record<ReturnType<typeof verdictOf>, unknown[]> = {
    Again: [
      ...[said('SlowDown', 503), said('InternalError', 500), said('RequestTimeout', 400), said('Error', 404)],
      ...[said('ConditionalRequestConflict', 409), said('TooManyRequests', 429), said('Error', 200)],
      ...[network('ECONNRESET'), network('ECONNREFUSED'), network('ENOTFOUND'), network('EAI_AGAIN')],
      new BrokenAnswer('half of it'),
    ],
    Missing: [said('NoSuchKey', 404), said('NotFound', 404), said('NoSuchUpload', 404)],
    Refused: [said('PreconditionFailed', 412), said('InvalidPart', 400)],
    Final: [
      ...[said('NoSuchBucket', 404), said('InvalidAccessKeyId', 404), said('AccessDenied', 403)],
      ...[said('NotImplemented', 501), said('InsufficientStorage', 507), said('ExistingObjectIsDirectory', 409)],
      ...[network('CERT_HAS_EXPIRED'), new TypeError('a defect'), new DdrError('Fenced', 'x'), 'text'],
    ],
  };
  for (const [verdict, errors] of Object.entries(verdicts))
    for (const error of errors) assert.equal(verdictOf(error), verdict, String(error));
});

test('what a user can do about is said with what to do, and no secret', () => {
  const cases: [Error, RegExp, RegExp][] = [
    [said('NoSuchBucket', 404), /bucket is not there/, /Create it/],
    [said('AccessDenied', 403), /access is denied/, /s3:PutObject/],
    [said('Forbidden', 403), /access is denied/, /s3:PutObject/],
    [said('InvalidAccessKeyId', 403), /access key is not known/, /AWS_ACCESS_KEY_ID/],
    [said('SignatureDoesNotMatch', 403), /secret key/, /AWS_SECRET_ACCESS_KEY/],
    [said('ExpiredToken', 400), /expired/, /AWS_SESSION_TOKEN/],
    [said('PermanentRedirect', 301), /another region/, /Correct region/],
    [Object.assign(new Error('none'), { name: 'CredentialsProviderError' }), /no credentials/, /secretName/],
    [network('SELF_SIGNED_CERT_IN_CHAIN'), /certificate/, /NODE_EXTRA_CA_CERTS/],
    [network('ECONNREFUSED'), /does not answer/, /endpoint/],
  ];
  for (const [cause, message, hint] of cases) {
    const error = failureOf(cause, 's3://b/x', 'FileAccess');
    assert.deepEqual([error.code, error.where, error.exitCode], ['FileAccess', 's3://b/x', ExitCode.InputOutput]);
    assert.match(error.message, message);
    assert.match(error.hint ?? '', hint);
  }
});

test('a full store is a full disk, a silent one what its user calls it, and the rest is not hidden', () => {
  assert.equal(failureOf(said('QuotaExceeded', 403), 'x', 'FileAccess').code, 'DiskFull');
  assert.equal(failureOf(said('SlowDown', 503), 'x', 'SourceUnavailable').code, 'SourceUnavailable');
  assert.equal(failureOf(said('MethodNotAllowed', 405), 'x', 'FileAccess').code, 'FileAccess');
  assert.equal(failureOf(new TypeError('a defect'), 'x', 'FileAccess').code, 'Unexpected');
  const fenced = new DdrError('Fenced', 'x');
  assert.equal(failureOf(fenced, 'x', 'FileAccess'), fenced);
});
