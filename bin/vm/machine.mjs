// One virtual machine: a throw-away copy of a disk, two processors, a network through this host, and a shell in it.

import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const FIRST_WORD_MS = 20_000
const BOOT_TIMEOUT_MS = 300_000
const ACCELERATORS = {
  kvm: ['-accel', 'kvm', '-cpu', 'host'],
  // Fifteen times slower, and everywhere.
  tcg: ['-accel', 'tcg,thread=multi', '-cpu', 'max'],
}
/** Where certificates are, for the programs that set-up runs. Proxies too are told by the environment. */
const CERTIFICATE_VARIABLES = ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'CURL_CA_BUNDLE', 'GIT_SSL_CAINFO']
const PROXY_VARIABLES = ['http_proxy', 'https_proxy', 'no_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY']

/** Boots it, on this host's own virtualisation where that runs a stock kernel, and resolves when it lets us in. */
export async function bootMachine(image, { log, kernelArguments = [] }) {
  try {
    return await boot(image, 'kvm', kernelArguments)
  } catch (err) {
    if (!(err instanceof SilentKernel)) throw err
    log(`${err.message}; so the machine is emulated, which is slow`)
    return boot(image, 'tcg', kernelArguments)
  }
}

class SilentKernel extends Error {}

async function boot({ disk, kernel, initrd, key }, accelerator, kernelArguments) {
  const scratch = mkdtempSync(join(tmpdir(), 'podium-vm-'))
  const copy = join(scratch, 'disk.qcow2')
  const made = spawnSync('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', disk, copy], {
    encoding: 'utf8',
  })
  if (made.status !== 0) throw new Error(`qemu-img: ${made.error?.message ?? made.stderr}`)
  const console = join(scratch, 'console.log')
  const port = await freePort()
  const said = openSync(join(scratch, 'qemu.log'), 'a')
  const qemu = spawn(
    'qemu-system-x86_64',
    [
      ...[...ACCELERATORS[accelerator], '-smp', '2', '-m', '6144', '-display', 'none', '-nodefaults', '-no-reboot'],
      ...['-serial', `file:${console}`, '-kernel', kernel, '-initrd', initrd],
      ...['-append', ['root=/dev/vda rw console=ttyS0 net.ifnames=0', ...kernelArguments].join(' ')],
      ...['-drive', `file=${copy},if=virtio,cache=unsafe,discard=unmap`, '-device', 'virtio-rng-pci'],
      ...['-netdev', `user,id=net,ipv6=off,hostfwd=tcp:127.0.0.1:${port}-:22`, '-device', 'virtio-net-pci,netdev=net'],
    ],
    { stdio: ['ignore', said, said] },
  )
  let ended = false
  const gone = new Promise((resolve) => {
    qemu.on('error', resolve)
    qemu.on('exit', resolve)
  }).then(() => {
    ended = true
  })
  const end = async () => {
    qemu.kill('SIGKILL')
    await gone
    rmSync(scratch, { recursive: true, force: true })
  }
  const until = async (condition, timeoutMs) => {
    const deadline = Date.now() + timeoutMs
    while (!(await condition())) {
      if (ended || Date.now() > deadline) return false
      await delay(500)
    }
    return true
  }

  const ssh = [
    ...['-i', key, '-p', String(port), '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null'],
    ...['-o', 'LogLevel=ERROR', '-o', 'ConnectTimeout=5', '-o', 'ServerAliveInterval=15', 'root@127.0.0.1'],
  ]
  const machine = {
    /** Runs a script in the machine; what it says goes where `stdio` says. Resolves to its exit status. */
    run: (script, { stdio = ['ignore', 'inherit', 'inherit'] } = {}) =>
      new Promise((resolve) => {
        const child = spawn('ssh', [...ssh, script], { stdio })
        child.on('error', () => resolve(127))
        child.on('close', (code) => resolve(code ?? 1))
      }),
    /** Puts a file of this host into the machine. */
    async put(from, to) {
      const file = openSync(from, 'r')
      if ((await machine.run(`cat > ${to}`, { stdio: [file, 'inherit', 'inherit'] })) !== 0)
        throw new Error(`the virtual machine did not take ${to}`)
    },
    /** Its disk was a copy: there is nothing to shut down in order. */
    end,
  }
  const speaks = () => existsSync(console) && statSync(console).size > 0
  if (!(await until(speaks, FIRST_WORD_MS))) {
    const words = readFileSync(join(scratch, 'qemu.log'), 'utf8').trim().split('\n').at(-1)
    await end()
    throw new SilentKernel(`with ${accelerator} the kernel says nothing${words ? ` (${words})` : ''}`)
  }
  if (await until(async () => (await machine.run('true', { stdio: 'ignore' })) === 0, BOOT_TIMEOUT_MS)) return machine
  const tail = spawnSync('tail', ['-n', '25', console], { encoding: 'utf8' }).stdout
  await end()
  throw new Error(`the virtual machine did not boot:\n${tail}`)
}

/**
 * Tells the machine how this host reaches the world: proxies, certificates to trust, which npm registry, and what apt
 * needs to know of its mirror. Read at run time, so that nothing of one network is written down anywhere.
 */
export async function shareNetworkSettings(machine) {
  const settings = PROXY_VARIABLES.filter((name) => process.env[name]).map((name) => [name, process.env[name]])
  for (const name of CERTIFICATE_VARIABLES) {
    const path = process.env[name]
    if (!path || !existsSync(path) || !statSync(path).isFile()) continue
    const copy = `/etc/${name.toLowerCase()}.pem`
    await machine.put(path, copy)
    settings.push([name, copy])
  }
  const registry = spawnSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8' }).stdout?.trim()
  if (registry) settings.push(['npm_config_registry', registry])
  const environment = settings.map(([name, value]) => `${name}=${value}`)
  const apt = (spawnSync('apt-config', ['dump'], { encoding: 'utf8' }).stdout ?? '').split('\n')
  const aptSettings = apt.filter((line) => /^Acquire::(Check-|https?::|Retries)/.test(line))
  const write = (path, lines) => `cat > ${path} <<'END'\n${lines.join('\n')}\nEND\n`
  const script = write('/etc/environment', environment) + write('/etc/apt/apt.conf.d/90host', aptSettings)
  if ((await machine.run(script)) !== 0) throw new Error('the virtual machine did not take its network settings')
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}
