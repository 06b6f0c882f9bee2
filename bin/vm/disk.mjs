// The disk of a machine on which nothing was ever installed: Debian with systemd, git and Debian's own Node.js, as a
// person would find it after the installer; beside it the kernel that boots it. Made once per recipe and kept.

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { root, say } from '../bootstrap.mjs'
import { debianMirror } from '../debian-package.mjs'

const SIZE = 24 * 1024 ** 3 // sparse
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'

/** Makes the disk of a Debian suite unless it is there; returns its files. */
export async function ensureDisk(suite) {
  const recipe = readFileSync(fileURLToPath(import.meta.url))
  const hash = createHash('sha256').update(recipe).update(suite).digest('hex').slice(0, 12)
  const directory = join(root, '.cache', 'vm', `${suite}-${hash}`)
  if (!existsSync(directory)) await makeDisk(suite, directory)
  const file = (name) => join(directory, name)
  return { disk: file('disk.img'), kernel: file('vmlinuz'), initrd: file('initrd.img'), key: file('key') }
}

async function makeDisk(suite, directory) {
  say(`making the disk of a clean Debian ${suite} (a few minutes, once)`)
  mkdirSync(join(root, '.cache', 'vm'), { recursive: true })
  const scratch = mkdtempSync(join(root, '.cache', 'vm', '.making-'))
  const tree = join(scratch, 'tree')
  const files = join(scratch, 'files')
  mkdirSync(files)
  try {
    const mirror = await debianMirror()
    must('debootstrap', ['--include=ca-certificates,git,openssh-server', suite, tree, mirror])
    writeFileSync(join(tree, 'etc/apt/sources.list'), '')
    writeFileSync(join(tree, 'etc/apt/sources.list.d/debian.sources'), sources(mirror, suite))
    for (const name of ['proc', 'sys', 'dev']) must('mount', ['--rbind', `/${name}`, join(tree, name)])
    try {
      // Nothing starts while the tree is only a directory of another machine.
      writeFileSync(join(tree, 'usr/sbin/policy-rc.d'), '#!/bin/sh\nexit 101\n', { mode: 0o755 })
      copyFileSync('/etc/resolv.conf', join(tree, 'etc/resolv.conf'))
      inside(tree, 'apt-get -q update')
      inside(tree, 'apt-get -q install -y --no-install-recommends linux-image-cloud-amd64 apparmor nodejs npm')
      inside(tree, 'apt-get clean; rm -rf /var/lib/apt/lists/*')
      rmSync(join(tree, 'usr/sbin/policy-rc.d'))
    } finally {
      for (const name of ['proc', 'sys', 'dev']) must('umount', ['-lR', join(tree, name)])
    }
    configure(tree, files)
    for (const [pattern, name] of [
      [/^vmlinuz-/, 'vmlinuz'],
      [/^initrd\.img-/, 'initrd.img'],
    ]) {
      const found = readdirSync(join(tree, 'boot')).find((entry) => pattern.test(entry))
      copyFileSync(join(tree, 'boot', found), join(files, name))
    }
    const disk = join(files, 'disk.img')
    writeFileSync(disk, '')
    truncateSync(disk, SIZE)
    must('mkfs.ext4', ['-q', '-F', '-m', '0', '-d', tree, disk])
    renameSync(files, directory)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** Network by DHCP, the key that lets the test in, a name, and no identity that two machines could share. */
function configure(tree, files) {
  const write = (path, text) => writeFileSync(join(tree, path), text)
  must('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test:vm', '-f', join(files, 'key')])
  mkdirSync(join(tree, 'root/.ssh'), { recursive: true, mode: 0o700 })
  copyFileSync(join(files, 'key.pub'), join(tree, 'root/.ssh/authorized_keys'))
  write('etc/systemd/network/wired.network', '[Match]\nName=eth0\n[Network]\nDHCP=ipv4\n')
  inside(tree, 'systemctl enable systemd-networkd')
  write('etc/resolv.conf', 'nameserver 10.0.2.3\n') // the host's resolver, as QEMU's network offers it
  write('etc/fstab', '/dev/vda / ext4 defaults 0 1\n')
  write('etc/hostname', 'classroom\n')
  write('etc/hosts', '127.0.0.1 localhost\n127.0.1.1 classroom\n')
  write('etc/machine-id', '')
}

function sources(mirror, suite) {
  const stanza = (uri, suites) =>
    `Types: deb\nURIs: ${uri}\nSuites: ${suites}\nComponents: main\nSigned-By: ${KEYRING}\n`
  const security = mirror.replace(/\/debian\/?$/, '/debian-security')
  return [stanza(mirror, `${suite} ${suite}-updates`), stanza(security, `${suite}-security`)].join('\n')
}

function inside(tree, script) {
  const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', DEBIAN_FRONTEND: 'noninteractive', LANG: 'C.UTF-8' }
  must('chroot', [tree, 'sh', '-ec', script], { env })
}

function must(command, args, options = {}) {
  const { status, error, stdout, stderr } = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    ...options,
  })
  if (status === 0) return
  const said = error?.message ?? `${stdout}${stderr}`.trim().split('\n').slice(-15).join('\n')
  throw new Error(`${command} ${args.join(' ')}: ${said}`)
}
