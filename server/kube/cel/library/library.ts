// The functions that Kubernetes adds to CEL. Upstream: apiserver/pkg/cel/library, environment/base.go.

import type { Environment } from '@marcbachmann/cel-js'
import { type AstNode, nodesOf } from '../cost.ts'
import { addAuthorizer } from './authorizer.ts'
import { addFormats } from './formats.ts'
import { rewriteHas } from './has.ts'
import { addJsonPatch } from './json-patch.ts'
import { addLists } from './lists.ts'
import { addNetwork } from './network.ts'
import { addQuantity } from './quantity.ts'
import { addSemver } from './semver.ts'
import { addStrings } from './strings.ts'
import { addTwoVariableLoops } from './two-variables.ts'

export function addLibrary(environment: Environment): void {
  addStrings(environment)
  addLists(environment)
  addTwoVariableLoops(environment)
  addQuantity(environment)
  addSemver(environment)
  addNetwork(environment)
  addFormats(environment)
  addAuthorizer(environment)
  addJsonPatch(environment)
}

const UNKNOWN = { code: 'unknown_variable' }

/**
 * `matches` of the library is JavaScript's, which a pattern can hold up for minutes; its overload cannot be replaced, so
 * calls of it are turned into calls of ours.
 */
export function rewriteCalls(ast: AstNode): void {
  for (const node of nodesOf(ast)) {
    rewriteHas(node)
    const { op, args } = node
    // Of the library's own; Kubernetes has none.
    if (op === 'id' && args === 'cel') throw Object.assign(new Error('Unknown variable: cel'), UNKNOWN, { node })
    if ((op === 'call' || op === 'rcall') && (args as unknown[])[0] === 'matches') (args as unknown[])[0] = 're2Matches'
  }
}
