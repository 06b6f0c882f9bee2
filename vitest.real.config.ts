// The real tests, by what they share (decision 0094): `npm test` has those without machines in a network of their own, beside those
// with. `--project real` is all of them, one group after the other.

import { defineConfig } from 'vitest/config'

const patience = { testTimeout: 180_000, hookTimeout: 300_000 }
export const withMachines = { ...patience, globalSetup: 'server/machines/stand-down.ts' }

const real = ['server/**/*.real.test.ts', 'e2e/**/*.real.test.ts', 'labs/**/*.real.test.ts']

/** Processes of our own, etcd, kubectl, helm, a browser, on loopback alone: what fetches packages of Debian is not among them. */
const withoutMachines = [
  'server/kube/{apiserver,cluster,dns,store}/**/*.real.test.ts',
  'server/kube/schemas/{strategic-merge,strategic-merge-random,openapi/openapi}.real.test.ts',
  'server/{main,cli/state-directory}.real.test.ts',
  'labs/labs-simulated.real.test.ts',
  'e2e/{conformance,fall-asleep,helm,join-a-class,look-through-lenses,pages,rules-of-a-cluster,schedulers,workloads}.real.test.ts',
]

/** They look at what is left on the host or at the moment in which a container ends, or take away every learner’s cluster. */
const alone = [
  'server/kube/container-runtime/**/*.real.test.ts',
  'server/{classroom,machines}/**/*.real.test.ts',
  'server/cli/restore-elsewhere.real.test.ts',
  'e2e/{finish-a-lab,hostile-learner,leave-nothing-running,lose-the-server,teach-a-class,workspace}.real.test.ts',
]

const group = (
  groupOrder: number,
  options: { name: string; include: string[]; exclude?: string[]; globalSetup?: string },
) => ({
  test: { ...patience, ...options, maxWorkers: 1, sequence: { groupOrder } },
})

export default defineConfig({
  test: {
    name: 'real',
    projects: [
      // `npm run screenshots` has machines there as well.
      group(1, {
        name: 'without machines',
        include: withoutMachines,
        ...(process.env.PODIUM_SCREENSHOTS ? withMachines : {}),
      }),
      group(2, { name: 'with machines', include: real, exclude: [...withoutMachines, ...alone], ...withMachines }),
      group(3, { name: 'alone', include: alone, ...withMachines }),
    ],
  },
})
