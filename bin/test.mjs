// `npm test`: all set-up, then every test. A skip outside bin/allowed-skips.json fails the run.

import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bootstrap, environment, fail, root, run, say } from './bootstrap.mjs'
import {
  buildPages,
  ensurePackages,
  fetchEtcdTools,
  fetchHelms,
  fetchKubectls,
  generateSources,
  prepareMachines,
} from './setup.mjs'

// Never the state of somebody's classroom: tests make and delete clusters as they like.
const isRoot = process.getuid?.() === 0
const homeWithoutMachines = join(tmpdir(), 'podium-test')
const home = isRoot ? '/var/lib/podium-test' : homeWithoutMachines
process.env.PODIUM_HOME = home

// Only root can make one; util-linux and iproute2 are on every host that has machines.
const IN_A_NETWORK_OF_ITS_OWN = ['unshare', '--net', 'nice', '-n10', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh']

const started = Date.now()
const node = bootstrap()
ensurePackages([
  { name: 'chromium-headless-shell', file: '/usr/bin/chromium-headless-shell' },
  { name: 'fonts-dejavu-core', file: '/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf' },
  { name: 'etcd-server', file: '/usr/bin/etcd' },
  { name: 'etcd-client', file: '/usr/bin/etcdctl' },
  { name: 'openssl', file: '/usr/bin/openssl' },
  { name: 'slapd', file: '/usr/sbin/slapd' },
  { name: 'ldap-utils', file: '/usr/bin/ldapsearch' },
  { name: 'curl', file: '/usr/bin/curl' },
  { name: 'bind9-dnsutils', file: '/usr/bin/dig' },
  { name: 'python3-kubernetes', file: '/usr/lib/python3/dist-packages/kubernetes/__init__.py' },
])
generateSources(node)
buildPages(node)
// It computes, while what is left of set-up waits for mirrors and disks; no unit test needs anything of that.
const checking = start([node, 'bin/check.mjs'])
await fetchKubectls(['1.36', '1.32', '1.20'])
await fetchEtcdTools()
await fetchHelms()
await prepareMachines(node, { required: true })
for (const PODIUM_HOME of new Set([home, homeWithoutMachines])) {
  if (run(node, ['e2e/support/leftovers.ts'], { env: { PODIUM_HOME } }) !== 0)
    fail(
      `what an earlier run left in ${PODIUM_HOME} could not be taken away`,
      'What went wrong is above; end those processes and start again.',
    )
}
say(`set-up took ${Math.round((Date.now() - started) / 1000)} s`)

// The real tests have the processors to themselves.
const checked = await checking

mkdirSync(join(root, '.cache'), { recursive: true })
// Those without machines take what the others leave of the processors, in a network of their own, where none comes and goes:
// Chromium drops what it is loading then (decision 0094).
const without = testing('without machines', { within: isRoot ? IN_A_NETWORK_OF_ITS_OWN : [], at: homeWithoutMachines })
if (!isRoot) await without
const results = await Promise.all([without, testing('with machines')])
results.push(await testing('alone'))
const tested = results.every((code) => code === 0)

const skips = ['without machines', 'with machines', 'alone'].flatMap(unexpectedSkips)
for (const skip of skips) say(`skipped without a reason in bin/allowed-skips.json: ${skip}`)
say(`all tests took ${Math.round((Date.now() - started) / 1000)} s`)
if (checked !== 0 || !tested || skips.length > 0)
  fail('the tests failed', 'The first failure above is the one to look at.')
say('everything passed')

/** One group of vitest.real.config.ts; resolves to its exit code. */
function testing(group, { within = [], at: PODIUM_HOME = home } = {}) {
  rmSync(reportOf(group), { force: true })
  const vitest = [node, 'node_modules/vitest/vitest.mjs', 'run', '--project', `real (${group})`]
  const reports = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportOf(group)}`]
  return start([...within, ...vitest, ...reports], { PODIUM_HOME })
}

function reportOf(group) {
  return join(root, '.cache', `test-report-${group.replaceAll(' ', '-')}.json`)
}

/** Runs a program beside what follows; resolves to its exit code. It ends with us, where set-up fails or somebody ends us. */
function start([program, ...args], env = {}) {
  const child = spawn(program, args, { cwd: root, stdio: 'inherit', env: { ...environment(node), ...env } })
  process.once('exit', () => child.kill())
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1))
  return new Promise((resolve) => child.once('close', (code) => resolve(code ?? 1)))
}

/** Names of tests of a group that did not run and are not on the committed list. */
function unexpectedSkips(group) {
  if (!existsSync(reportOf(group))) return [`all that are ${group}: no report was written`]
  const { testResults } = JSON.parse(readFileSync(reportOf(group), 'utf8'))
  const allowed = JSON.parse(readFileSync(join(root, 'bin', 'allowed-skips.json'), 'utf8'))
  const names = new Set(allowed.map(({ test }) => test))
  return testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status }) => status !== 'passed' && status !== 'failed')
    .map(({ fullName }) => fullName)
    .filter((name) => !names.has(name))
}
