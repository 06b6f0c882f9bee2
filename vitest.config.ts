import { defineConfig } from 'vitest/config'

const withMachines = {
  globalSetup: 'server/machines/stand-down.ts',
  fileParallelism: false,
  testTimeout: 180_000,
  hookTimeout: 300_000,
}

// Three projects: `logic` needs nothing but Node and stays fast; `real` uses containers, kubectl, a browser, or takes its time;
// `long` takes minutes, and is for `npm run test:long`.
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
          include: ['server/**/*.real.test.ts', 'e2e/**/*.real.test.ts', 'labs/**/*.real.test.ts'],
          ...withMachines,
        },
      },
      { test: { name: 'long', include: ['e2e/**/*.long.test.ts'], ...withMachines } },
    ],
  },
})
