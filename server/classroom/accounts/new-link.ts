// What `podium token create` prints: a new one-time link to the classroom that runs on this state directory.

import { createToken, linkTo } from './links.ts'
import { runningServer } from './server-record.ts'

/** Rejects, in words for people, when no classroom runs there. */
export async function newLink(stateDir: string): Promise<string> {
  const server = runningServer(stateDir)
  if (!server?.origin)
    throw new Error(`no classroom runs with the state directory ${stateDir}; start one with "npm start"`)
  return linkTo({ answersAs: server.origin, accounts: server.accounts }, await createToken(stateDir))
}
