import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyFigures, resultCard, summary } from '../../../../src/trainer/report/result.ts';
import { exampleReport } from '../../../helpers/reports.ts';

test('several metrics stand side by side, each with its number', () => {
  const report = exampleReport();
  const evaluation = report.evaluation ?? assert.fail();
  const metrics = [...evaluation.metrics, { name: 'Kernel distance', value: 0.0421, details: {} }];
  const judged = exampleReport({ evaluation: { ...evaluation, metrics } });
  assert.equal([...keyFigures(judged).matchAll(/<div class="card first">/g)].length, 2);
  assert.match(keyFigures(judged), /<b>0\.0421<\/b><span class="soft">Kernel distance, N\u00a0=\u00a0300</);
  assert.match(
    resultCard(judged),
    /<dt>Fréchet distance<\/dt><dd><b>12\.3457<\/b><\/dd><dt>Kernel distance<\/dt><dd><b>0\.0421</,
  );
});

test('the summary tells baseline, experts and single states apart', () => {
  const { models } = exampleReport();
  const [first] = models;
  const states = models.flatMap((model) => model.states);
  assert.match(summary(exampleReport()), /3 models of a single latent state each, trained apart, composed/);
  const joint = exampleReport({ models: [{ ...(first ?? assert.fail()), states }] });
  assert.match(summary(joint), /One model of all 3 latent states, composed/);
});

test('every caveat is shown', () => {
  const evaluation = exampleReport().evaluation ?? assert.fail();
  const caveats = ['Compare only equal N.', 'Too few samples.', 'The reference has 7 images.'];
  const card = resultCard(exampleReport({ evaluation: { ...evaluation, caveats } }));
  for (const caveat of caveats) assert.ok(card.includes(`<li>${caveat}</li>`));
});

test('training time is shown where it is known of every model', () => {
  assert.match(keyFigures(exampleReport()), /<b>1 min 30 s<\/b><span class="soft">training time, all models/);
  const [first = assert.fail(), ...others] = exampleReport().models;
  assert.doesNotMatch(keyFigures(exampleReport({ models: [{ ...first, seconds: null }, ...others] })), /training time/);
});
