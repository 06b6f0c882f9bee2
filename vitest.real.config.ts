// The real tests, by what they share (decision 0094). Two files at a time where they have nothing of each other's and no machines:
// one waits while the other computes. `--project real` is all that `npm test` runs; the sweeps are apart.

import { defineConfig } from 'vitest/config'

export const withMachines = {
  globalSetup: 'server/machines/stand-down.ts',
  testTimeout: 180_000,
  hookTimeout: 300_000,
}

/**
 * Every page, lab, volume, protocol, way to lose a machine: minutes each on two slow processors. `.ci/run` and `npm run test:long`
 * run them too; `npm test` is to end within 40 minutes.
 */
export const sweeps = [
  'labs/labs.real.test.ts',
  'e2e/{lose-machines,network-policies,packets,pages,storage,streams}.real.test.ts',
  'server/kube/apiserver/every-kind.real.test.ts',
  'server/kube/cluster/memory.real.test.ts',
]

const real = ['server/**/*.real.test.ts', 'e2e/**/*.real.test.ts', 'labs/**/*.real.test.ts']

/** Processes of our own, etcd, kubectl, helm, a browser. A machine made beside it would have a browser load its page again. */
const withoutMachines = [
  'server/kube/{apiserver,cluster,dns,schemas,store}/**/*.real.test.ts',
  'server/{main,cli/state-directory}.real.test.ts',
  'labs/labs-simulated.real.test.ts',
  'e2e/{conformance,fall-asleep,helm,join-a-class,look-through-lenses,rules-of-a-cluster,schedulers,workloads}.real.test.ts',
]

/** They look at what is left on the host, or take away every learner’s cluster. */
const alone = [
  'server/{classroom,machines}/**/*.real.test.ts',
  'server/cli/restore-elsewhere.real.test.ts',
  'e2e/{finish-a-lab,hostile-learner,leave-nothing-running,lose-the-server,teach-a-class,workspace}.real.test.ts',
]

const group = (
  groupOrder: number,
  options: { name: string; include: string[]; exclude?: string[]; maxWorkers: number },
) => ({
  test: { ...withMachines, ...options, sequence: { groupOrder } },
})

export default defineConfig({
  test: {
    name: 'real',
    projects: [
      group(1, { name: 'without machines', include: withoutMachines, exclude: sweeps, maxWorkers: 2 }),
      group(2, {
        name: 'with machines',
        include: real,
        exclude: [...withoutMachines, ...alone, ...sweeps],
        maxWorkers: 1,
      }),
      group(3, { name: 'alone', include: alone, maxWorkers: 1 }),
    ],
  },
})
