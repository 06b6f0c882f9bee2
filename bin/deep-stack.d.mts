export function onDeepStack(node: string, args: readonly string[]): [command: string, args: string[]]
