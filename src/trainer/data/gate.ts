/** Lets many pass at once, or one alone. */
export class Gate {
  /** Settles when all that passes together has passed; never rejects. */
  #together: Promise<unknown> = Promise.resolve();
  /** Settles when the last that asked to be alone has been. */
  #alone: Promise<unknown> = Promise.resolve();

  async together<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#alone.then(work);
    this.#together = Promise.allSettled([this.#together, turn]);
    return turn;
  }

  async alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = Promise.all([this.#alone, this.#together]).then(work);
    this.#alone = turn.catch(() => {});
    return turn;
  }
}
