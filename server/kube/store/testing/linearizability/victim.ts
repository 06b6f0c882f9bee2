// A store behind its etcd door, as a process to be killed: `victim.ts <directory> <port>`. Used by
// linearizable.real.test.ts.

import { systemClock } from '../../../../base/clock.ts'
import { openEtcdDoor } from '../../etcd-door/door.ts'
import { openStore } from '../../store.ts'

const [directory = '', port = ''] = process.argv.slice(2)
// Small, so that many a kill falls into the change of a segment.
const store = await openStore({ directory, clock: systemClock, segmentBytes: 20_000 })
await openEtcdDoor({ store, clock: systemClock, port: Number(port) })
process.stdout.write('open\n')
