// Everybody may do everything, or nothing: for trying things out. Upstream: authorizerfactory/builtin.go.

import type { ReadyAuthorizer, Verdict } from './authorizer.ts'

const always = (name: string, verdict: Verdict): ReadyAuthorizer => ({ name, authorize: () => verdict })

export const alwaysAllow = always('AlwaysAllow', { decision: 'allow', reason: '' })
/** As upstream, which has no opinion rather than a no: whoever comes after it in the chain is still asked. */
export const alwaysDeny = always('AlwaysDeny', { decision: 'no opinion', reason: 'Everything is forbidden.' })
