/** The tokens of a context as bytes, little-endian: 16 bits each where all ids allow it, else 32. The first byte is the width. */

export function packTokens(tokens: ArrayLike<number>): Uint8Array {
  let largest = 0;
  for (let i = 0; i < tokens.length; i++) largest = Math.max(largest, tokens[i]!);
  const width = largest < 65536 ? 2 : 4;
  const bytes = Buffer.alloc(1 + tokens.length * width);
  bytes[0] = width;
  for (let i = 0; i < tokens.length; i++) bytes.writeUIntLE(tokens[i]!, 1 + i * width, width);
  return bytes;
}

export function unpackTokens(value: Uint8Array): Int32Array {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  const width = bytes[0] === 4 ? 4 : 2;
  const tokens = new Int32Array((bytes.length - 1) / width);
  for (let i = 0; i < tokens.length; i++) tokens[i] = bytes.readUIntLE(1 + i * width, width);
  return tokens;
}
