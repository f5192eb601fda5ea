/** What a network predicts. */
export const predictions = ['Epsilon', 'V', 'X0'] as const;
export type Prediction = (typeof predictions)[number];

/** x̂0 = x·(of x) + output·(of output), for a network that predicts ε, v or x0. */
export function imageCoefficients(prediction: Prediction, alphaBar: number): { x: number; output: number } {
  const [signal, noise] = [Math.sqrt(alphaBar), Math.sqrt(1 - alphaBar)];
  switch (prediction) {
    case 'Epsilon':
      return { x: 1 / signal, output: -noise / signal };
    case 'V':
      return { x: signal, output: -noise };
    case 'X0':
      return { x: 0, output: 1 };
  }
}

/** The training target is x0·(of image) + ε·(of noise). */
export function targetCoefficients(prediction: Prediction, alphaBar: number): { image: number; noise: number } {
  switch (prediction) {
    case 'Epsilon':
      return { image: 0, noise: 1 };
    case 'V':
      return { image: -Math.sqrt(1 - alphaBar), noise: Math.sqrt(alphaBar) };
    case 'X0':
      return { image: 1, noise: 0 };
  }
}
