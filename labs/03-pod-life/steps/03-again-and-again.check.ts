import { named, podCrashLoops, typedAnswer } from '../../../server/classroom/labs/index.ts'

const PHASES = ['pending', 'running', 'succeeded', 'failed', 'unknown']

export const checks = [
  podCrashLoops('crash'),
  typedAnswer('phase', {
    aim: 'You have named the phase that Pod `crash` has meanwhile',
    right: (cluster) => named(cluster.pods, 'crash')?.status?.phase,
    missing: 'There is no Pod `crash` yet.',
    wrong: (text) =>
      PHASES.includes(text.toLowerCase())
        ? `Pod \`crash\` has not the phase \`${text}\`. Ask the Pod itself: \`.status.phase\`.`
        : `\`${text}\` is not a phase; there are only five. What column STATUS shows is made up from several fields.`,
  }),
]
