// What people get who write an operator of their own: the machinery of the control plane's loops, as one file without
// dependencies (`podium client`). Its types are told in podium-client.d.ts.

export { defineKind } from '../../kinds/define-kind.ts'
export { controller } from '../controller-builder.ts'
export { TerminalError } from '../reconcile-context.ts'
export { runOperator } from './run-operator.ts'
