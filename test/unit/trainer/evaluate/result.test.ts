import assert from 'node:assert/strict';
import { test } from 'node:test';
import { signatureNames } from '../../../../src/api/signatures.ts';
import { parseTermination, renderTermination, terminationMessageBytes } from '../../../../src/api/termination.ts';
import { resultOf } from '../../../../src/trainer/evaluate/result.ts';
import { washedOut } from '../../../helpers/findings.ts';
import { exampleReport } from '../../../helpers/reports.ts';

const digest = 'cd'.repeat(32);

test('the termination message has every metric, in order, and what it was measured by', () => {
  const report = exampleReport();
  const evaluation = report.evaluation ?? assert.fail();
  evaluation.metrics.push({ name: 'Kernel distance', value: 0.5, details: {} });
  assert.deepEqual(resultOf(report, 'runs/digits/reports/1', digest), {
    kind: 'evaluate',
    path: 'runs/digits/reports/1',
    digest,
    sampleCount: 300,
    metrics: [
      { name: 'Fréchet distance', value: 12.345678 },
      { name: 'Kernel distance', value: 0.5 },
    ],
    extractor: 'mnist-classifier',
    extractorDigest: evaluation.extractorDigest,
    referenceCount: 10_000,
    findings: [],
    caveats: ['Compare only equal N.'],
  });
});

test('without evaluation, or with a reference of unknown N, what is not known is left out', () => {
  const bare = resultOf(exampleReport({ evaluation: null }), 'p', digest);
  assert.deepEqual(bare, {
    kind: 'evaluate',
    path: 'p',
    digest,
    sampleCount: 300,
    metrics: [],
    findings: [],
    caveats: [],
  });
  const report = exampleReport();
  (report.evaluation ?? assert.fail()).reference.count = null;
  assert.equal('referenceCount' in resultOf(report, 'p', digest), false);
});

test('findings have what was seen and what to do', () => {
  const result = resultOf(exampleReport({ findings: [washedOut] }), 'p', digest);
  assert.ok(result.kind === 'evaluate');
  assert.deepEqual(result.findings, [{ signature: 'WashedOut', message: 'Samples are washed out. Map ᾱ.' }]);
});

test('caveats and findings are cut so that the message always fits', () => {
  const long = '√'.repeat(150) + '🙂'.repeat(300);
  const findings = signatureNames.map((signature) => ({ ...washedOut, signature, message: long }));
  const report = exampleReport({ findings });
  (report.evaluation ?? assert.fail()).caveats = Array.from({ length: 9 }, () => long);
  const result = resultOf(report, 'p', digest);
  const message = renderTermination({ outcome: 'Succeeded', result });
  assert.ok(parseTermination(message)?.outcome === 'Succeeded', 'the schema takes it');
  assert.ok(Buffer.byteLength(message) <= terminationMessageBytes, `${Buffer.byteLength(message)} bytes`);
});
