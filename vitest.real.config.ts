// The real tests, by what they share (decision 0094). Two files at a time where they have nothing of each other's and no machines:
// one waits while the other computes. `--project real` is all that `npm test` runs; the sweeps are apart.

import { defineConfig } from 'vitest/config'

export const withMachines = {
  globalSetup: 'server/machines/stand-down.ts',
  testTimeout: 180_000,
  hookTimeout: 300_000,
}

/**
 * They go through all there is of something (pages, lenses, labs, kinds, volumes, protocols, what a class does): minutes each on
 * two slow processors. vitest.sweeps.config.ts runs them.
 */
export const sweepsWithoutMachines = [
  'labs/labs-simulated.real.test.ts',
  'e2e/{look-through-lenses,pages}.real.test.ts',
  'server/kube/apiserver/every-kind.real.test.ts',
  'server/kube/cluster/memory.real.test.ts',
]
export const sweepsWithMachines = [
  'labs/labs.real.test.ts',
  'e2e/{conformance-of-nodes,lose-machines,network-policies,packets,storage,streams,teach-a-class,workspace}.real.test.ts',
]
const sweeps = [...sweepsWithoutMachines, ...sweepsWithMachines]

const real = ['server/**/*.real.test.ts', 'e2e/**/*.real.test.ts', 'labs/**/*.real.test.ts']

/** Processes of our own, etcd, kubectl, helm, a browser. A machine made beside it would have a browser load its page again. */
const withoutMachines = [
  'server/kube/{apiserver,cluster,dns,schemas,store}/**/*.real.test.ts',
  'server/{main,cli/state-directory}.real.test.ts',
  'e2e/{conformance,fall-asleep,helm,join-a-class,rules-of-a-cluster,schedulers,workloads}.real.test.ts',
]

/** They look at what is left on the host, or take away every learner’s cluster. */
const alone = [
  'server/{classroom,machines}/**/*.real.test.ts',
  'server/cli/restore-elsewhere.real.test.ts',
  'e2e/{finish-a-lab,hostile-learner,leave-nothing-running,lose-the-server}.real.test.ts',
]

export const group = (
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
