import { defineConfig } from 'vitest/config'
import { withMachines } from './vitest.real.config.ts'

// `logic` needs nothing but Node and stays fast; `real` (vitest.real.config.ts) uses containers, kubectl, a browser, or takes its
// time; `sweeps` are those of them that take minutes, for `.ci/run`; `long` is for `npm run test:long` alone.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'logic',
          include: [
            'server/**/*.test.ts',
            'labs/**/*.test.ts',
            'app/**/*.test.ts',
            'bin/**/*.test.ts',
            'bench/**/*.test.ts',
          ],
          exclude: ['**/*.real.test.ts', '**/node_modules/**'],
          testTimeout: 20_000,
          // The first cluster of a process loads all that runs it.
          hookTimeout: 30_000,
          // Rooms keep no state of their own in modules, so files may share a process; starting one each took half the time.
          isolate: false,
        },
      },
      './vitest.real.config.ts',
      './vitest.sweeps.config.ts',
      { test: { name: 'long', include: ['e2e/**/*.long.test.ts'], ...withMachines, fileParallelism: false } },
    ],
  },
})
