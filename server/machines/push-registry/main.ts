// The program of the container `podium-push-registry-…`: the door, and Debian's docker-registry behind it.
// SIGHUP: somebody's images are gone, so their room can be had back; otherwise that is done every hour.

import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { DebianRegistry } from './debian-registry.ts'
import { createDoor } from './door.ts'
import { fewFromEach } from './few-from-each.ts'
import { Accounts, forgetUpload, spaceOf } from './space.ts'

const ROOT = '/var/lib/registry'
const REGISTRY_PORT = 5001
const HOUR_MS = 3_600_000
/** From one machine; a push takes less than ten. */
const MOST_CONNECTIONS = 64

const [name = '', quota = ''] = process.argv.slice(2)
const quotaBytes = Number(quota)
const registry = new DebianRegistry({ root: ROOT, port: REGISTRY_PORT })
const door = createDoor({
  name,
  secret: readFileSync('/keys/secret', 'utf8'),
  accounts: new Accounts({ quotaBytes, used: (owner) => spaceOf(ROOT, owner) }),
  quotaBytes,
  registryPort: REGISTRY_PORT,
  forgetUpload: (repository, id) => forgetUpload(ROOT, repository, id),
  enter: () => registry.enter(),
})
const server = createServer(
  { cert: readFileSync('/keys/registry.crt'), key: readFileSync('/keys/registry.key') },
  (req, res) => door(req, res).catch(() => res.destroy()),
)
fewFromEach(server, MOST_CONNECTIONS)
server.listen(Number(name.split(':')[1]))

const collect = () => void registry.collect()
process.on('SIGHUP', collect)
setInterval(collect, HOUR_MS)
process.once('SIGTERM', () => process.exit(0))
