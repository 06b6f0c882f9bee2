// The functions that Kubernetes adds to CEL. Upstream: apiserver/pkg/cel/library, environment/base.go.

import type { Environment } from '@marcbachmann/cel-js'
import { type AstNode, type Charge, nodesOf } from '../cost.ts'
import { addAuthorizer } from './authorizer.ts'
import { addFormats } from './formats.ts'
import { rewriteHas } from './has.ts'
import { addJsonPatch } from './json-patch.ts'
import { addLists } from './lists.ts'
import { addNetwork } from './network.ts'
import { addOneVariableMacros } from './one-variable.ts'
import { addOptionalElements, rewriteOptionalElements } from './optional-elements.ts'
import { addOptionals } from './optionals.ts'
import { renameCall, unknownFunction } from './own-names.ts'
import { addQuantity } from './quantity.ts'
import { addSemver } from './semver.ts'
import { addStrings } from './strings.ts'
import { addTimes } from './times.ts'
import { addTwoVariableLoops } from './two-variables.ts'
import { addUrls } from './url.ts'

export function addLibrary(environment: Environment, charge: Charge): void {
  addStrings(environment, charge)
  addLists(environment, charge)
  addOneVariableMacros(environment, charge)
  addTwoVariableLoops(environment)
  addOptionals(environment)
  addOptionalElements(environment)
  addTimes(environment)
  addQuantity(environment)
  addSemver(environment)
  addNetwork(environment)
  addUrls(environment)
  addFormats(environment)
  addAuthorizer(environment)
  addJsonPatch(environment)
}

/** Gives the names in an expression the meaning that they have upstream. */
export function rewriteCalls(ast: AstNode): void {
  for (const node of nodesOf(ast)) {
    rewriteHas(node)
    rewriteOptionalElements(node)
    renameCall(node)
    // Of the library's own; Kubernetes has none.
    if (node.op === 'id' && node.args === 'cel') throw unknownFunction('cel', node)
  }
}
