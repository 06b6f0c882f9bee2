// `npm run test:conformance`: Kubernetes' own conformance tests against a cluster of ours on real machines. As root, after
// `npm test`; the first time it builds them (a quarter of an hour), then they take half an hour and two thirds of the processors.
//
//   npm run test:conformance                            all of them
//   npm run test:conformance -- --focus 'EmptyDir'      those whose names match; what was said lies in .cache/conformance/logs
//
// Fails when one fails that is not in conformance/expected.json, and when one of that list passes: then strike it there.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { bootstrap, fail, root, run, say } from './bootstrap.mjs'
import { buildSuite } from './conformance/build-suite.mjs'
import { buildImages, dropImages, loadImages } from './conformance/load-images.mjs'
import { fetchKubectls, generateSources, prepareMachines } from './setup.mjs'

/** Side by side: most of the time they wait. Those that want the cluster for themselves come after. */
const AT_ONCE = ['storage', 'network', '(node|k8s\\.io)', 'api-machinery', '(apps|cli|auth|instrumentation|scheduling)']
const ALONE = '\\[(Serial|Disruptive)\\]'
const CLUSTER = 'conformance'

const { values: options } = parseArgs({ options: { focus: { type: 'string', default: '' } } })
const expected = JSON.parse(readFileSync(join(root, 'bin/conformance/expected.json'), 'utf8'))
process.env.PODIUM_HOME ??= '/var/lib/podium-test'
const cacheDir = join(root, '.cache')
const logs = join(cacheDir, 'conformance', 'logs')

const node = bootstrap()
generateSources(node)
await fetchKubectls(['1.20'])
await prepareMachines(node, { required: true })
const { programs, source } = await buildSuite({ cacheDir, log: say })
mkdirSync(logs, { recursive: true })

const podium = (...args) => run(node, ['bin/podium.mjs', 'cluster', ...args])
const kubeconfig = join(process.env.PODIUM_HOME, 'clusters', CLUSTER, 'super-admin.conf')
const images = await buildImages(programs, cacheDir)
const results = []
try {
  if (podium('create', CLUSTER, '--nodes', '2') !== 0) fail('the cluster for the tests could not be made')
  await loadImages(images, CLUSTER)
  await Promise.all(AT_ONCE.map((sig) => suite(sig, { without: ALONE })))
  await suite('all', { only: ALONE })
} finally {
  podium('delete', CLUSTER)
  dropImages(images)
}
report()

/** One process of upstream's program; what each test came to is added to `results`. */
async function suite(sig, { only = '', without = '' }) {
  const who = sig === 'all' ? '' : `\\[(sig-)?${sig}\\].*`
  const wanted = who + (options.focus && `(${options.focus})`)
  // In a name either may stand before the other.
  const both = only && wanted ? `(${wanted}.*${only}|${only}.*${wanted})` : wanted || only
  const focus = `${both}.*\\[Conformance\\]`
  const name = sig.replace(/\W+/g, '-').replace(/^-|-$/g, '')
  const child = spawn(
    join(programs, 'e2e.test'),
    [
      `--kubeconfig=${kubeconfig}`,
      `--kubectl-path=${join(cacheDir, 'bin/kubectl-1.20')}`,
      '--provider=skeleton',
      '--disable-log-dump',
      '--minStartupPods=0',
      `-ginkgo.focus=${focus}`,
      `-ginkgo.skip=${without}`,
      '-ginkgo.noColor',
    ],
    { cwd: source, env: { ...process.env, KUBECONFIG: kubeconfig }, stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const log = createWriteStream(join(logs, `${name}.log`))
  let text = ''
  child.stdout.on('data', (chunk) => {
    log.write(chunk)
    text += chunk
  })
  await once(child, 'close')
  log.end()
  for (const [, outcome, test] of text.matchAll(/\{"msg":"(PASSED|FAILED) (.*?)","total"/g)) {
    results.push({ test: JSON.parse(`"${test}"`), passed: outcome === 'PASSED' })
  }
}

function report() {
  const why = ({ test }) => expected.find(({ name }) => test.includes(name))?.why
  const failed = results.filter(({ passed }) => !passed)
  const unexpected = failed.filter((result) => !why(result))
  const mended = results.filter((result) => result.passed && why(result))
  for (const result of failed) say(`FAILED ${result.test}${why(result) ? `\n  as expected: ${why(result)}` : ''}`)
  for (const { test } of mended) say(`passes, though bin/conformance/expected.json says it can't: ${test}`)
  say(`${results.length - failed.length} of ${results.length} conformance tests pass; logs in ${logs}`)
  if (results.length === 0) fail('no test was run', 'Does --focus match the name of any?')
  if (unexpected.length + mended.length > 0) process.exitCode = 1
}
