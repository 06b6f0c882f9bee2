// All that somebody says who may not mean well: what a kubelet on a learner's machine answers, or a webhook in a pod, must
// not fill the memory of a process that serves others too.

/** Rejects, and stops listening, when it is more than that; with `cut`, what came until then is taken for all. */
export async function readBounded(
  said: AsyncIterable<Uint8Array>,
  mostBytes: number,
  { cut = false }: { cut?: boolean } = {},
): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let length = 0
  // Leaving the loop early ends what is read.
  for await (const chunk of said) {
    chunks.push(chunk)
    length += chunk.length
    if (length <= mostBytes) continue
    if (!cut) throw new Error(`the answer is longer than ${mostBytes} bytes`)
    break
  }
  return Buffer.concat(chunks).subarray(0, mostBytes)
}
