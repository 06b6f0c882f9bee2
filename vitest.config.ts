import { defineConfig } from 'vitest/config'
import { withMachines } from './vitest.real.config.ts'

// `logic` needs nothing but Node and stays fast; `real` (vitest.real.config.ts) uses containers, kubectl, a browser, or takes its
// time; `long` takes minutes, and is for `npm run test:long`.
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
          // Rooms keep no state of their own in modules, so files may share a process; starting one each took half the time.
          isolate: false,
        },
      },
      './vitest.real.config.ts',
      { test: { name: 'long', include: ['e2e/**/*.long.test.ts'], ...withMachines, fileParallelism: false } },
    ],
  },
})
