// `npm run test:vm`: this commit on a machine where nothing was ever installed, which is what most hosts are: Debian with
// systemd and cgroup version 2. Too heavy for `npm test`.
//
//   npm run test:vm                              bookworm, whose Node.js is 18
//   npm run test:vm -- --suite trixie
//   npm run test:vm -- --cgroup 1                the same machine, booted with cgroup version 1
//   npm run test:vm -- --images                  brings this host's images along instead of building them there
//   npm run test:vm -- --run 'command'           something else instead of bin/vm/inside.sh, in the clone

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { bootstrap, fail, root, run, say } from './bootstrap.mjs'
import { ensurePackages } from './setup.mjs'
import { ensureDisk } from './vm/disk.mjs'
import { bootMachine, shareNetworkSettings } from './vm/machine.mjs'

const { values: options } = parseArgs({
  options: {
    suite: { type: 'string', default: 'bookworm' },
    cgroup: { type: 'string', default: '2' },
    images: { type: 'boolean', default: false },
    run: { type: 'string', default: 'bash bin/vm/inside.sh' },
  },
})
const node = bootstrap()
ensurePackages([
  { name: 'qemu-system-x86', file: '/usr/bin/qemu-system-x86_64' },
  { name: 'qemu-utils', file: '/usr/bin/qemu-img' },
  { name: 'debootstrap', file: '/usr/sbin/debootstrap' },
  { name: 'e2fsprogs', file: '/usr/sbin/mkfs.ext4' },
  { name: 'openssh-client', file: '/usr/bin/ssh' },
])

const began = Date.now()
const seconds = () => Math.round((Date.now() - began) / 1000)
const scratch = mkdtempSync(join(tmpdir(), 'podium-test-vm-'))
let machine
let status = 1
try {
  const image = await ensureDisk(options.suite)
  machine = await bootMachine(image, {
    log: say,
    kernelArguments: options.cgroup === '1' ? ['systemd.unified_cgroup_hierarchy=0'] : [],
  })
  say(`a clean Debian ${options.suite} has booted (${seconds()} s)`)
  await shareNetworkSettings(machine)

  const bundle = join(scratch, 'podium.bundle')
  const bundled = spawnSync('git', ['bundle', 'create', '-q', bundle, 'HEAD'], { cwd: root, stdio: 'inherit' })
  if (bundled.status !== 0) throw new Error('git could not bundle this commit')
  await machine.put(bundle, 'podium.bundle')
  if (options.images) {
    const archive = join(scratch, 'images.tar.gz')
    if (run(node, ['server/cli.ts', 'images', 'export', archive]) !== 0) throw new Error('no images to bring along')
    await machine.put(archive, 'images.tar.gz')
  }
  status = await machine.run(`git clone -q podium.bundle podium && cd podium && ${options.run}`)
} catch (err) {
  process.stderr.write(`podium: ${err.message}\n`)
} finally {
  await machine?.end()
  rmSync(scratch, { recursive: true, force: true })
}
if (status !== 0) fail(`failed in the clean machine, after ${seconds()} s`, 'What it said is above.')
say(`everything passed in the clean machine, in ${seconds()} s`)
