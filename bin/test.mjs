// `npm test`: all set-up, then the tests; `npm test -- --sweeps` has those as well that take minutes each (vitest.sweeps.config.ts).
// A skip outside bin/allowed-skips.json fails the run.

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
process.env.PODIUM_HOME = process.getuid?.() === 0 ? '/var/lib/podium-test' : join(tmpdir(), 'podium-test')

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
const checking = start(['bin/check.mjs'])
await fetchKubectls(['1.36', '1.32', '1.20'])
await fetchEtcdTools()
await fetchHelms()
await prepareMachines(node, { required: true })
if (run(node, ['e2e/support/leftovers.ts']) !== 0)
  fail(
    'what an earlier run left could not be taken away',
    'What went wrong is above; end those processes and start again.',
  )
say(`set-up took ${Math.round((Date.now() - started) / 1000)} s`)

// The real tests have the processors to themselves.
const checked = await checking

const report = join(root, '.cache', 'test-report.json')
mkdirSync(join(root, '.cache'), { recursive: true })
rmSync(report, { force: true })
const tested = run(node, [
  'node_modules/vitest/vitest.mjs',
  'run',
  '--project=real',
  ...(process.argv.includes('--sweeps') ? ['--project=sweeps'] : []),
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${report}`,
])

const skips = existsSync(report) ? unexpectedSkips(JSON.parse(readFileSync(report, 'utf8'))) : ['no report was written']
for (const skip of skips) say(`skipped without a reason in bin/allowed-skips.json: ${skip}`)
say(`all tests took ${Math.round((Date.now() - started) / 1000)} s`)
if (checked !== 0 || tested !== 0 || skips.length > 0)
  fail('the tests failed', 'The first failure above is the one to look at.')
say('everything passed')

/** Runs one of our programs beside what follows; resolves to its exit code. It ends with us where set-up fails. */
function start(args) {
  const child = spawn(node, args, { cwd: root, stdio: 'inherit', env: environment(node) })
  process.once('exit', () => child.kill())
  return new Promise((resolve) => child.once('close', (code) => resolve(code ?? 1)))
}

/** Names of tests that did not run and are not on the committed list. */
function unexpectedSkips({ testResults }) {
  const allowed = JSON.parse(readFileSync(join(root, 'bin', 'allowed-skips.json'), 'utf8'))
  const names = new Set(allowed.map(({ test }) => test))
  return testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status }) => status !== 'passed' && status !== 'failed')
    .map(({ fullName }) => fullName)
    .filter((name) => !names.has(name))
}
