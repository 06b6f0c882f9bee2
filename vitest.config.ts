import { defineConfig } from 'vitest/config'

// Two projects: `logic` needs nothing but Node and stays fast; `real` uses containers, kubectl, a browser, or takes its time.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'logic',
          include: ['server/**/*.test.ts', 'labs/**/*.test.ts', 'app/**/*.test.ts', 'bin/**/*.test.ts'],
          exclude: ['**/*.real.test.ts', '**/node_modules/**'],
          testTimeout: 20_000,
          // Rooms keep no state of their own in modules, so files may share a process; starting one each took half the time.
          isolate: false,
        },
      },
      {
        test: {
          name: 'real',
          globalSetup: 'server/machines/stand-down.ts',
          include: ['server/**/*.real.test.ts', 'e2e/**/*.real.test.ts', 'labs/**/*.real.test.ts'],
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
})
