import { type FakeClock, settlePromises } from '../../base/clock.ts'

/** Reads on until a push fits; a feed's pauses pass on the test's clock. */
export async function nextThat<T>(clock: FakeClock, stream: AsyncGenerator<T>, fits: (push: T) => boolean): Promise<T> {
  for (;;) {
    let read: IteratorResult<T> | undefined
    const reading = stream.next().then((result) => {
      read = result
    })
    for (let rounds = 0; !read && rounds < 2000; rounds++) {
      await clock.advance(100)
      await settlePromises()
    }
    if (!read) throw new Error('nothing was pushed')
    await reading
    if (read.done) throw new Error('the stream ended')
    if (fits(read.value)) return read.value
  }
}
