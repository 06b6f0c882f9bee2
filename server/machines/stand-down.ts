// After the last of the real tests: what their data centres shared (the registry, the file system of the disks) stands down.
// Once for all files, which would start it again one after the other; vitest calls it (vitest.config.ts).
import { imagesAreReady } from './data-centre.ts'
import { openTestDataCentre, TEST_STATE_DIR } from './test-data-centre.ts'

export async function teardown(): Promise<void> {
  const used = await imagesAreReady({ stateDir: TEST_STATE_DIR }).catch(() => false) // no engine, nothing to end
  if (used) await (await openTestDataCentre())[Symbol.asyncDispose]()
}
