import { podLabel } from '../../../server/classroom/labs/index.ts'

export const checks = [
  podLabel('hello', 'runs-on', {
    aim: 'Label `runs-on` of Pod `hello` names the node it runs on',
    of: (pod) => pod.spec?.nodeName,
  }),
]
