// `npm run test:long`: what searches with a seed or counts up to a number goes on for longer, each time from another seed,
// which is printed; and what takes minutes. To have a failure again: PODIUM_SEED=… npm run test:long. As root, after `npm test`.

import { bootstrap, fail, root, run, say } from './bootstrap.mjs'
import { fetchKubectls, generateSources, prepareMachines } from './setup.mjs'

const SEARCHES = [
  ['sweeps'],
  ['real', 'server/kube/apiserver/fuzz.real.test.ts'],
  ['real', 'server/kube/apiserver/bad-input.real.test.ts'],
  ['logic', 'server/kube/apiserver/authorization/rbac/random-policies.test.ts'],
  ['logic', 'server/kube/apiserver/authorization/agreement.test.ts'],
  ['real', 'server/kube/cluster/simulation/simulation.real.test.ts'],
  ['real', 'server/kube/schemas/strategic-merge-random.real.test.ts'],
  ['real', 'server/machines/create-and-delete.real.test.ts'],
  ['long', 'e2e/elsewhere.long.test.ts'],
]

const node = bootstrap()
generateSources(node)
await fetchKubectls(['1.36', '1.32', '1.20'])
await prepareMachines(node, { required: true })

const seed = process.env.PODIUM_SEED ?? String(Math.floor(Math.random() * 2 ** 31))
say(`PODIUM_SEED=${seed}`)
const env = {
  PODIUM_HOME: '/var/lib/podium-test',
  PODIUM_SEED: seed,
  PODIUM_FUZZ_ROUNDS: '50000',
  PODIUM_SIMULATIONS: '500',
  PODIUM_CYCLES: '200',
  PODIUM_COPY_MB: '200',
}
const failed = SEARCHES.filter(([project, ...files]) => {
  const args = ['node_modules/vitest/vitest.mjs', 'run', '--project', project, '--testTimeout=3600000', ...files]
  return run(node, args, { cwd: root, env }) !== 0
})
if (failed.length > 0) fail(`failed with PODIUM_SEED=${seed}: ${failed.map((search) => search.at(-1)).join(', ')}`)
