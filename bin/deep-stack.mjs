// Node on a stack that is deep enough for objects of ten thousand levels (docs/decisions/0087).

/** In KiB. What V8 is told of has to be there, or the process dies of it: so the limit comes first, with some to spare. */
const LIMIT = 65_536
const FOR_V8 = 61_440

/** Command and arguments. Where the limit may not be raised Node starts without, and knows by its own arguments. */
export function onDeepStack(node, args) {
  const raised = `ulimit -S -s ${LIMIT} 2>/dev/null && exec "$0" --stack-size=${FOR_V8} "$@"`
  return ['sh', ['-c', `${raised}; exec "$0" "$@"`, node, ...args]]
}
