// The sweeps, after all other real tests: `npm test -- --sweeps`, as `.ci/run` does, and `npm run test:long` (decision 0094).
// `npm test` alone leaves them out, and ends within 40 minutes.

import { defineConfig } from 'vitest/config'
import { group, sweepsWithMachines, sweepsWithoutMachines } from './vitest.real.config.ts'

export default defineConfig({
  test: {
    name: 'sweeps',
    projects: [
      group(4, { name: 'without machines', include: sweepsWithoutMachines, maxWorkers: 2 }),
      group(5, { name: 'with machines', include: sweepsWithMachines, maxWorkers: 1 }),
    ],
  },
})
