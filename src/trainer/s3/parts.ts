/**
 * The same bytes in parts of one size, of which the last may be shorter; each is the caller's to keep. One empty part where
 * there are no bytes.
 */
export async function* partsOf(pieces: AsyncIterable<Uint8Array>, partBytes: number): AsyncGenerator<Uint8Array> {
  let [part, filled, some]: [Uint8Array, number, boolean] = [new Uint8Array(0), 0, false];
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length; ) {
      if (filled === part.length)
        part = larger(part, filled, Math.min(partBytes, piece.length - at + filled), partBytes);
      const taken = piece.subarray(at, at + part.length - filled);
      part.set(taken, filled);
      at += taken.length;
      filled += taken.length;
      if (filled < partBytes) continue;
      yield part;
      [part, filled, some] = [new Uint8Array(0), 0, true];
    }
  }
  if (filled > 0 || !some) yield part.subarray(0, filled);
}

/** Room for at least so many bytes, twice as much as before where that is not too much: small files take little. */
function larger(part: Uint8Array, filled: number, least: number, most: number): Uint8Array {
  const grown = new Uint8Array(Math.min(most, Math.max(least, 2 * filled)));
  grown.set(part.subarray(0, filled));
  return grown;
}
