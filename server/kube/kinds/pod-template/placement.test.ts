// Where a pod may not be said to go, in upstream's words. Expectations are read from pkg/apis/core/validation.

import { describe } from 'vitest'
import { pod, refuses, says } from './testing/refused-pods.ts'

const LABEL_SELECTOR = { matchLabels: { app: 'web' } }

describe('where a pod may be is refused:', () => {
  const nodes = (terms: object[]) =>
    pod({
      affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } } },
    })
  const N = 'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms'
  const pods = (term: object) =>
    pod({ affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } })
  const P = 'spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0]'
  const spread = (...constraints: object[]) => pod({ topologySpreadConstraints: constraints })
  const S = 'spec.topologySpreadConstraints[0]'
  const once = { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector: LABEL_SELECTOR }
  refuses([
    ['no terms', nodes([]), [`${N}: Required value: must have at least one node selector term`]],
    [
      'expressions',
      nodes([
        {
          matchExpressions: [
            { key: 'a', operator: 'In', values: [] },
            { key: 'a', operator: 'Exists', values: ['b'] },
            { key: 'a', operator: 'Gt', values: [] },
            { key: '-', operator: 'Is' },
          ],
          matchFields: [{ key: 'metadata.uid', operator: 'Exists' }],
        },
      ]),
      [
        `${N}[0].matchExpressions[0].values: Required value: must be specified when \`operator\` is 'In' or 'NotIn'`,
        `${N}[0].matchExpressions[1].values: Forbidden: may not be specified when \`operator\` is 'Exists' or 'DoesNotExist'`,
        `${N}[0].matchExpressions[2].values: Required value: must be specified single value when \`operator\` is 'Lt' or 'Gt'`,
        `${N}[0].matchExpressions[3].operator: Invalid value: "Is": not a valid selector operator`,
        says(`${N}[0].matchExpressions[3].key: Invalid value: "-": name part must consist of`),
        `${N}[0].matchFields[0].operator: Invalid value: "Exists": not a valid selector operator`,
        `${N}[0].matchFields[0].key: Invalid value: "metadata.uid": not a valid field selector key`,
      ],
    ],
    [
      'weights',
      pod({
        affinity: {
          nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 101, preference: {} }] },
        },
      }),
      [
        'spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight: Invalid value: 101: must be in the range 1-100',
      ],
    ],
    [
      'no topology',
      pods({ labelSelector: LABEL_SELECTOR }),
      [
        `${P}.topologyKey: Required value: can not be empty`,
        `${P}.topologyKey: Invalid value: "": name part must be non-empty`,
        says(`${P}.topologyKey: Invalid value: "": name part must consist of`),
      ],
    ],
    [
      'label keys',
      pods({ topologyKey: 'zone', matchLabelKeys: ['a'], mismatchLabelKeys: ['b'] }),
      [
        `${P}.matchLabelKeys: Forbidden: must not be specified when labelSelector is not set`,
        `${P}.mismatchLabelKeys: Forbidden: must not be specified when labelSelector is not set`,
      ],
    ],
    [
      'one key both ways',
      pods({ topologyKey: 'zone', labelSelector: {}, matchLabelKeys: ['a'], mismatchLabelKeys: ['a'] }),
      [`${P}.matchLabelKeys[0]: Invalid value: "a": exists in both matchLabelKeys and mismatchLabelKeys`],
    ],
    ['spreading', spread(once), []],
    [
      'spreading by nothing',
      spread({ maxSkew: 0, whenUnsatisfiable: 'Maybe', minDomains: 0, nodeTaintsPolicy: 'Some' }),
      [
        `${S}.maxSkew: Invalid value: 0: must be greater than zero`,
        `${S}.topologyKey: Required value: can not be empty`,
        `${S}.whenUnsatisfiable: Unsupported value: "Maybe": supported values: "DoNotSchedule", "ScheduleAnyway"`,
        `${S}.minDomains: Invalid value: 0: must be greater than zero`,
        `${S}.minDomains: Invalid value: 0: can only use minDomains if whenUnsatisfiable=DoNotSchedule, not Maybe`,
        `${S}.nodeTaintsPolicy: Unsupported value: "Some": supported values: "Honor", "Ignore"`,
      ],
    ],
    [
      'spreading twice alike',
      spread(once, once),
      [`${S}.{topologyKey, whenUnsatisfiable}: Duplicate value: "{zone, DoNotSchedule}"`],
    ],
    [
      'tolerations',
      pod({
        tolerations: [
          { operator: 'Equal' },
          { key: 'a', operator: 'Exists', value: 'b' },
          { key: 'a', operator: 'Gt', value: '1' },
          { key: 'a', value: '-', effect: 'Some', tolerationSeconds: 1 },
        ],
      }),
      [
        'spec.tolerations[0].operator: Invalid value: "Equal": operator must be Exists when `key` is empty, which means "match all values and all keys"',
        `spec.tolerations[1].operator: Invalid value: "b": value must be empty when \`operator\` is 'Exists'`,
        'spec.tolerations[2].operator: Unsupported value: "Gt": supported values: "Equal", "Exists", "Lt", "Gt"',
        `spec.tolerations[3].effect: Invalid value: "Some": effect must be 'NoExecute' when \`tolerationSeconds\` is set`,
        says('spec.tolerations[3].operator: Invalid value: "-": a valid label must be an empty string or'),
        'spec.tolerations[3].effect: Unsupported value: "Some": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
      ],
    ],
  ])
})
