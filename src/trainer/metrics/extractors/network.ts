import type { Tensor, Tensor4D } from '../../engine/tensorflow.ts';

/** A network that turns images into features. */
export interface Network {
  dimensions: number;
  /** Images per call. */
  batchSize: number;
  /** [n, size, size, channels] of 0 … 255 → [n, dimensions]. */
  features: (images: Tensor4D) => Tensor;
  /** Of a classifier: how many classes it knows, and the one that it sees in each image, [n] int32. */
  classifier?: { classes: number; seen: (images: Tensor4D) => Tensor };
}

/** Weights by name; a missing or misshapen one is named. */
export type Weights = (name: string, shape: number[]) => Tensor;
