/** Told at every step of reading that it goes on; may throw to stop. */
export type Tick = () => Promise<void>;

/** A source of images that has been opened: its files are listed, its headers checked. */
export interface OpenSource {
  /** Images that come; fewer where broken ones are left out. */
  total: number;
  /**
   * The images one by one, brought to the wanted shape: size × size × channels bytes each.
   * @param tick told of every image that is looked at
   */
  images(tick: Tick): AsyncGenerator<Uint8Array>;
}
