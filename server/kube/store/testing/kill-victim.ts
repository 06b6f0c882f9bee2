// A process that writes to a store until it is killed, and says on its standard output what was answered:
// one line "<key> <value> <revision>" for each. Used by kill.real.test.ts.

import { systemClock } from '../../../base/clock.ts'
import { openStore } from '../store.ts'

const WRITERS = 4

const [directory = '', life = ''] = process.argv.slice(2)
const store = await openStore({ directory, clock: systemClock, segmentBytes: 20_000, reclaimBytes: 10_000 })
process.stdout.write('open\n')

async function writeFor(writer: number): Promise<void> {
  for (let i = 0; ; i++) {
    const key = `writer-${writer}`
    const value = Buffer.from(`${life}.${i}`.padEnd(20 + ((i * 37) % 600), '.'))
    const { revision } = await store.txn({ compare: [], success: [{ type: 'put', key, value }], failure: [] })
    process.stdout.write(`${key} ${value} ${revision}\n`)
    // History is cut often, so that many a kill falls into the rewriting of the log.
    if (writer === 0 && i % 40 === 39) await store.compact(revision - 10).then(() => store.defragment())
  }
}

await Promise.all(Array.from({ length: WRITERS }, (_, writer) => writeFor(writer)))
