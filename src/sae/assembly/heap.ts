/** A heap whose root is the smallest of the largest values seen: the k-th largest of a stream, in k floats. */

/** Restores the order below position `j`. */
export function sink(heap: usize, j: u32, size: u32): void {
  const f = load<f32>(heap + j * 4);
  for (;;) {
    let child: u32 = 2 * j + 1;
    if (child >= size) break;
    if (child + 1 < size && load<f32>(heap + (child + 1) * 4) < load<f32>(heap + child * 4)) child++;
    if (f <= load<f32>(heap + child * 4)) break;
    store<f32>(heap + j * 4, load<f32>(heap + child * 4));
    j = child;
  }
  store<f32>(heap + j * 4, f);
}

/** Puts `f` in place of the root, when it is larger. */
@inline
export function offer(heap: usize, size: u32, f: f32): void {
  if (f <= load<f32>(heap)) return;
  store<f32>(heap, f);
  sink(heap, 0, size);
}

/** `size` values below everything. */
export function clear(heap: usize, size: u32): void {
  for (let j: u32 = 0; j < size; j++) store<f32>(heap + j * 4, -Infinity);
}

/** How many of the values equal the root. */
export function ties(heap: usize, size: u32): u32 {
  const least = load<f32>(heap);
  let count: u32 = 0;
  for (let j: u32 = 0; j < size; j++) if (load<f32>(heap + j * 4) == least) count++;
  return count;
}
