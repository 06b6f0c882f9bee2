import type { Page } from 'playwright-core'

/** Where a learner sits: the page of their lab, and a kubectl for their cluster that fails the test where it fails. */
export interface WorkspaceSeat {
  page: Page
  ofLearner(args: string, input?: object): Promise<string>
}
