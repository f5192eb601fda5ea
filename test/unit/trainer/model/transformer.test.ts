import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRecordedProgram } from '../../../../src/trainer/engine/recorder.ts';
import { loadTensorFlow } from '../../../../src/trainer/engine/tensorflow.ts';
import { conditioningOf } from '../../../../src/trainer/model/conditioning.ts';
import { parameterSpecs } from '../../../../src/trainer/model/unet.ts';
import { stepProgram } from '../../../../src/trainer/train/step.ts';
import { startWith } from '../../../helpers/state.ts';
import { stepInputs } from '../../../helpers/steps.ts';
import { livelyWeights, smallUnet, training } from '../../../helpers/unet.ts';

const tf = await loadTensorFlow(1);
const batchSize = 2;
const config = { ...smallUnet, attentionResolutions: [], transformerDepths: [1], headChannels: 4, dropout: 0.2 };
const token = { ...config, classEmbedding: 'Token', classTokenWidth: 6 } as const;

for (const [name, network, conditions] of [
  ['contexts and added classes', config, { classes: 3, context: { tokens: 2, width: 4 } }],
  ['a class token', token, { classes: 3 }],
  ['nothing to look at', config, {}],
] as const) {
  test(`a step with transformers, dropout and ${name} is recorded, repeats itself and learns`, async () => {
    const conditioning = conditioningOf(2, network, conditions);
    const settings = training({ batchSize });
    const program = createRecordedProgram(tf, stepProgram(tf, network, conditioning, settings));
    const start = () =>
      startWith(parameterSpecs(network, conditioning), settings, livelyWeights(network, conditioning));
    const inputs = stepInputs(network, conditioning, batchSize, 'V', 0);
    const told = conditioning.values(
      [
        { timestep: 30, label: 1 },
        { timestep: 700, context: Float32Array.from({ length: 8 }, (_, i) => Math.sin(i)) },
      ].map((each) => ({ ...each, ...('context' in conditions ? {} : { context: undefined }) })),
    );
    const loss = async (changes: object = {}) => {
      await program.write(start());
      return Array.from(
        { length: 3 },
        () => program.run('step', { ...inputs, ...told, ...changes }).loss?.[0] as number,
      );
    };
    const losses = await loss();
    assert.deepEqual(losses, await loss());
    assert.notEqual(losses[0], (await loss({ seed: Int32Array.of(1, 2) }))[0]);
    assert.ok((losses[2] as number) < (losses[0] as number), `${losses}`);
    program.dispose();
  });
}
